"""Follows docs/adding-an-engine.md to the letter, in a copy of the repository."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import tiny_models

REPOSITORY = Path(__file__).resolve().parent.parent
NOT_SOURCE = {".git", "build", "results", "plots"}  # at the root of the repository
BLOCK = re.compile(r"## \d\. .*?`(engines/identity/\S+)`\n.*?^```\w+\n(.*?)^```$", re.M | re.S)


def contents(folder: Path) -> dict[str, bytes]:
    """Of every file, under its path below the folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("copy") / "dnn-bench"
    shutil.copytree(
        REPOSITORY, folder, ignore=lambda at, _: NOT_SOURCE if Path(at) == REPOSITORY else ()
    )
    return folder


@pytest.fixture(scope="module")
def blocks(copy) -> dict[str, str]:
    """The page's files, under the path that the heading before each gives it."""
    page = (copy / "docs" / "adding-an-engine.md").read_text(encoding="utf-8")
    return dict(BLOCK.findall(page))


@pytest.fixture(scope="module")
def with_identity(copy, blocks) -> Path:
    (copy / "engines" / "identity").mkdir()
    for name, text in blocks.items():
        (copy / name).write_text(text, encoding="utf-8")
    return copy


def build(source: Path, folder: Path) -> Path:
    configure = ["cmake", "-S", source, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"]
    target = ["cmake", "--build", folder, "--target", "dnnbench-engine-identity"]
    for command in (configure, target):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder / "bin"


def test_the_page_gives_two_files(blocks):
    assert blocks.keys() == {"engines/identity/CMakeLists.txt", "engines/identity/engine.cpp"}


def test_the_front_door_knows_its_flag(with_identity, convolution):
    script = 'source "$0/setup/lib.sh"; source "$0/setup/usage.sh"; check_usage run "$@" --identity'
    command = ["bash", "-c", script, with_identity, convolution]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_new_engine_is_built_measured_and_verified(with_identity, programs, schema, tmp_path):
    before = contents(with_identity)
    programs_with_it = build(with_identity, tmp_path / "build")
    assert contents(with_identity) == before
    for name in ("dnnbench", "dnnbench-engine-onnxruntime"):
        shutil.copy2(programs / name, programs_with_it / name)
    model = tiny_models.save(tiny_models.one_node("Identity"), tmp_path / "tiny.onnx")
    results = tmp_path / "results"
    flags = ["--identity", "--repeat=3", "--warmup=0", f"--output={results}"]
    command = [programs_with_it / "dnnbench", "run", model, *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 5)  # 5: a busy machine
    assert done.stderr.endswith(f"Results are in {results}\n")
    assert done.stdout.splitlines()[4].split()[:2] == ["identity", "1.0"]
    result = json.loads((results / "tiny-quant=0-cpu-identity-cpu.json").read_text())
    assert [error.message for error in schema.iter_errors(result)] == []
    assert (result["outcome"], result["verification"]["verdict"]) == ("ok", "ok")
    command = [programs_with_it / "dnnbench", "engines"]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert "identity" in listed.stdout
