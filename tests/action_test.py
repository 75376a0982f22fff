"""The step of action.yml, run as a runner does, with a stand-in for dnnbench."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ACTION = (ROOT / "action.yml").read_text(encoding="utf-8")
WORKFLOW = """on: push
jobs:
  gate:
    runs-on: ubuntu-24.04
    steps:
      - uses: ./
        with: {models: model.onnx, versus: base/model.onnx, fail-above: 5%}
"""


def step(folder: Path, status: int, **given: str) -> subprocess.CompletedProcess:
    """Runs what `run:` says, with the inputs' defaults, where dnnbench ends with the status."""
    (folder / "setup").mkdir()
    for name in ("lib.sh", "gate.sh"):
        shutil.copy(ROOT / "setup" / name, folder / "setup")
    door = folder / "dnnbench"
    door.write_text(f'#!/bin/sh\necho "$@" >"{folder}/given"\necho the table\nexit {status}\n')
    door.chmod(0o755)
    (command,) = re.findall(r"run: '(.*)'", ACTION)
    inputs = {"MODELS": "a.onnx b.onnx", "VERSUS": "", "AGAINST": "", "FAIL_ABOVE": "5%"}
    inputs |= {"FLAGS": "--onnxruntime --openvino", "OUTPUT": "results"} | given
    files = {"GITHUB_OUTPUT": f"{folder}/output", "GITHUB_STEP_SUMMARY": f"{folder}/summary"}
    return subprocess.run(
        ["bash", "-c", command],
        env=os.environ | inputs | files | {"GITHUB_ACTION_PATH": str(folder)},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, ""),
        (1, "::error::not slower, but an engine has no figure"),
        (3, "::error::slower than before by more than 5%"),
        (5, "::error::whether it is slower by more than 5% is undecided"),
        (2, "::error::the gate could not be run: dnnbench ended with status 2"),
    ],
)
def test_the_step_ends_as_the_gate_does(tmp_path, status, words):
    done = step(tmp_path, status, AGAINST="before")
    assert done.returncode == status, done.stderr
    assert words in done.stdout and ("::error::" in done.stdout) == (status != 0)
    given = (tmp_path / "given").read_text().split()
    assert given[:5] == ["run", "a.onnx", "b.onnx", "--onnxruntime", "--openvino"]
    assert given[5:] == ["--against=before", "--fail-above=5%", "--output=results"]
    assert (tmp_path / "output").read_text() == f"status={status}\n"
    assert "the table" in (tmp_path / "summary").read_text()


def test_a_model_file_is_measured_in_turns(tmp_path):
    assert step(tmp_path, 0, MODELS="a.onnx", VERSUS="base/a.onnx").returncode == 0
    given = (tmp_path / "given").read_text().split()
    assert "--versus=base/a.onnx" in given and not any("--against" in word for word in given)


def test_a_list_may_have_lines(tmp_path):
    lists = {"MODELS": "a.onnx\nb.onnx\n", "FLAGS": "--onnxruntime\n--threads=1\n"}
    assert step(tmp_path, 0, AGAINST="before", **lists).returncode == 0
    given = (tmp_path / "given").read_text().split()
    assert given[:5] == ["run", "a.onnx", "b.onnx", "--onnxruntime", "--threads=1"]


def test_every_input_reaches_the_step():
    inputs = re.findall(r"^  ([a-z-]+):$", ACTION.split("outputs:")[0], re.MULTILINE)
    for name in inputs:
        assert f"{name.upper().replace('-', '_')}: ${{{{ inputs.{name} }}}}" in ACTION


@pytest.mark.skipif(not shutil.which("actionlint"), reason="needs actionlint")
def test_a_workflow_that_uses_it_passes_the_linter(tmp_path):
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows/gate.yml").write_text(WORKFLOW)
    shutil.copy(ROOT / "action.yml", tmp_path)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    done = subprocess.run(["actionlint"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
