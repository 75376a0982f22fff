"""Follows docs/adding-an-engine.md to the letter, in a copy of the repository."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import tiny_models

REPOSITORY = Path(__file__).resolve().parent.parent
NOT_SOURCE = {".git", "build", "results", "plots"}  # at the root of the repository
BLOCK = re.compile(r"## \d\. .*?`(engines/identity/\S+)`\n.*?^```\w+\n(.*?)^```$", re.M | re.S)
FOR_GPUS = re.compile(r"^### On GPUs\n.*?^```cpp\n(.*?)^```$", re.M | re.S)
ONLY_ON_GPUS = "it computes on GPUs only; add --device=gpu"


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
def for_gpus(copy) -> str:
    """What an engine for GPUs alone has in its class, instead of the other's in_force."""
    page = (copy / "docs" / "adding-an-engine.md").read_text(encoding="utf-8")
    return FOR_GPUS.search(page)[1]


@pytest.fixture(scope="module")
def with_engines(copy, blocks, for_gpus) -> Path:
    """With identity, and with identitygpu, the same for GPUs alone."""
    for name in ("identity", "identitygpu"):
        (copy / "engines" / name).mkdir()
        for path, text in blocks.items():
            file = copy / path.replace("identity", name)
            text = text.replace("(identity)", f"({name})")
            if name == "identitygpu":
                text = re.sub(r"  InForce in_force\(\).*\n", lambda _: for_gpus, text)
            file.write_text(text, encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def built(with_engines, programs, tmp_path_factory) -> Path:
    """The folder of the new programs, and of those that were there before."""
    before = contents(with_engines)
    folder = tmp_path_factory.mktemp("build")
    configure = ["-S", with_engines, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"]
    targets = ["dnnbench-engine-identity", "dnnbench-engine-identitygpu"]
    for arguments in (configure, ["--build", folder, "--target", *targets]):
        done = subprocess.run(["cmake", *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert contents(with_engines) == before
    for name in ("dnnbench", "dnnbench-engine-onnxruntime"):
        shutil.copy2(programs / name, folder / "bin" / name)
    return folder / "bin"


@pytest.fixture(scope="module")
def on_a_gpu(programs) -> dict[str, str]:
    """The environment of a machine with one, played by tests/gpu/stub_driver.cpp."""
    folder = str(programs / "stub-driver")
    return os.environ | {"LD_LIBRARY_PATH": folder, "DNNBENCH_STUB_GPU": "one"}


@pytest.fixture
def run(built, schema, tmp_path):
    """run("--identity"): the results of a short run, under the engines' names."""
    model = tiny_models.save(tiny_models.one_node("Identity"), tmp_path / "tiny.onnx")
    results = tmp_path / "results"

    def call(*flags: str, env: dict[str, str] | None = None) -> dict[str, dict]:
        command = [built / "dnnbench", "run", model, "--repeat=3", "--warmup=0", *flags]
        command.append(f"--output={results}")
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=env)
        assert done.returncode in (0, 1, 5), done.stderr  # 5: a busy machine
        found = [json.loads(path.read_text()) for path in results.glob("*.json")]
        for result in found:
            assert [error.message for error in schema.iter_errors(result)] == []
        return {result["backend"]: result for result in found}

    return call


def test_the_page_gives_two_files(blocks):
    assert blocks.keys() == {"engines/identity/CMakeLists.txt", "engines/identity/engine.cpp"}


def check_usage(repository: Path, *arguments: object) -> tuple[int, str]:
    script = 'source "$0/setup/lib.sh"; source "$0/setup/usage.sh"; check_usage run "$@"'
    command = ["bash", "-c", script, repository, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stderr


def test_the_front_door_knows_its_flag(with_engines, convolution):
    assert check_usage(with_engines, convolution, "--identity") == (0, "")
    code, sentence = check_usage(with_engines, convolution, "--identity=1.0")
    assert code == 2 and "--identity takes no value" in sentence


def test_a_script_that_fetches_versions_makes_them_a_flag(with_engines, convolution):
    folder = with_engines / "engines" / "versioned"
    folder.mkdir()
    (folder / "install.sh").write_text('into engines/versioned/1.1\nfetch_version "$@"\n')
    assert check_usage(with_engines, convolution, "--versioned=1.0,1.1") == (0, "")
    code, sentence = check_usage(with_engines, convolution, "--versioned=new")
    assert code == 2 and "--versioned must be a version" in sentence


def test_what_it_needs_on_a_gpu_is_fetched_with_one(with_engines, convolution, on_a_gpu, tmp_path):
    script = with_engines / "engines" / "identitygpu" / "install_cuda.sh"
    script.write_text(f"#!/bin/sh\ntouch '{tmp_path}/fetched'\nexit 7\n")  # nothing is built then
    script.chmod(0o755)
    command = [with_engines / "dnnbench", "run", convolution, "--identitygpu", "--device=gpu"]
    done = subprocess.run(command, capture_output=True, text=True, env=on_a_gpu, cwd=tmp_path)
    assert done.returncode == 7, done.stderr
    assert (tmp_path / "fetched").exists()
    script.unlink()


def test_the_new_engine_is_measured_and_verified(run, built):
    result = run("--identity")["identity"]
    assert (result["outcome"], result["verification"]["verdict"]) == ("ok", "ok")
    assert result["engine_version"] == "1.0"
    listed = subprocess.run([built / "dnnbench", "engines"], capture_output=True, text=True)
    assert "identity " in listed.stdout and "identitygpu " in listed.stdout


def test_one_for_gpus_is_measured_on_a_gpu(run, on_a_gpu):
    result = run("--identitygpu", "--device=gpu", env=on_a_gpu)["identitygpu"]
    assert (result["outcome"], result["verification"]["verdict"]) == ("ok", "ok")


def test_each_says_on_what_it_computes(run, on_a_gpu):
    result = run("--identitygpu")["identitygpu"]
    assert (result["outcome"], result["reason"]) == ("unsupported", ONLY_ON_GPUS)
    result = run("--identity", "--device=gpu", env=on_a_gpu)["identity"]
    assert result["reason"] == "this engine computes on CPUs only"


def test_without_an_engine_flag_it_is_measured_where_it_can_compute(run):
    found = run()
    assert found["identity"]["outcome"] == "ok"
    assert "identitygpu" not in found


def test_so_is_one_for_gpus(run, on_a_gpu):
    found = run("--device=gpu", env=on_a_gpu)
    assert found["identitygpu"]["outcome"] == "ok"
    assert "identity" not in found
