"""Follows docs/adding-an-engine.md to the letter, in a copy of the repository."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import tiny_models

REPOSITORY = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"## \d\. .*?`(engines/identity/\S+)`\n.*?^```\w+\n(.*?)^```$", re.M | re.S)


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def copy_of_the_repository(folder: Path) -> Path:
    """All files that git would keep, committed to a repository of their own."""
    names = git(REPOSITORY, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, names.split("\0")):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=before")
    return folder


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    folder = copy_of_the_repository(tmp_path_factory.mktemp("copy"))
    page = (folder / "docs" / "adding-an-engine.md").read_text(encoding="utf-8")
    blocks = dict(BLOCK.findall(page))
    assert blocks.keys() == {"engines/identity/CMakeLists.txt", "engines/identity/engine.cpp"}
    (folder / "engines" / "identity").mkdir()
    for name, text in blocks.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def build(copy: Path, folder: Path) -> Path:
    configure = ["cmake", "-S", copy, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"]
    target = ["cmake", "--build", folder, "--target", "dnnbench-engine-identity"]
    for command in (configure, target):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder / "bin"


def test_only_the_engine_s_folder_changes(copy):
    assert git(copy, "status", "--porcelain").splitlines() == ["?? engines/identity/"]


def test_the_front_door_knows_its_flag(copy, convolution):
    script = 'source "$0/setup/lib.sh"; source "$0/setup/usage.sh"; check_usage run "$@" --identity'
    command = ["bash", "-c", script, copy, convolution]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_new_engine_is_built_measured_and_verified(copy, programs, schema, tmp_path):
    bin_folder = build(copy, tmp_path / "build")
    for name in ("dnnbench", "dnnbench-engine-onnxruntime"):
        shutil.copy2(programs / name, bin_folder / name)
    model = tiny_models.save(tiny_models.one_node("Identity"), tmp_path / "tiny.onnx")
    results = tmp_path / "results"
    flags = ["--identity", "--repeat=3", "--warmup=0", f"--output={results}"]
    command = [bin_folder / "dnnbench", "run", model, *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, f"Results are in {results}\n")
    assert done.stdout.splitlines()[2].split()[:2] == ["identity", "1.0"]
    result = json.loads((results / "tiny-quant=0-cpu-identity-cpu.json").read_text())
    assert [error.message for error in schema.iter_errors(result)] == []
    assert (result["outcome"], result["verification"]["verdict"]) == ("ok", "ok")
    listed = subprocess.run([bin_folder / "dnnbench", "engines"], capture_output=True, text=True)
    assert "identity" in listed.stdout
