"""What `make package` builds, used without a compiler: the .deb unpacked, the wheel installed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COMPILERS = re.compile(r"(.*-)?(cc|gcc|g\+\+|c\+\+|clang|clang\+\+|cmake|ninja|ld)(-[\d.]+)?$")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dnn-bench"


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> Path:
    """The folder that `make package` fills. The programs are compiled already, so it takes seconds."""
    subprocess.run([ROOT / "setup/package.sh"], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    return ROOT / "build/package"


@pytest.fixture
def machine(tmp_path) -> dict[str, str]:
    """The environment of a machine without a compiler, that has fetched ONNX Runtime and OpenVINO."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for folder in ("/bin", "/usr/bin"):
        for tool in Path(folder).iterdir():
            if not COMPILERS.fullmatch(tool.name) and not (tools / tool.name).exists():
                (tools / tool.name).symlink_to(tool)
    engines = tmp_path / "cache/dnn-bench/engines"
    engines.mkdir(parents=True)
    for engine in ("onnxruntime", "openvino"):
        (engines / engine).symlink_to(CACHE / "engines" / engine)
    return {"PATH": str(tools), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}


@pytest.fixture
def deb(packages, tmp_path) -> Path:
    """The command of the unpacked .deb."""
    (file,) = packages.glob("*.deb")
    subprocess.run(["dpkg-deb", "--extract", file, tmp_path / "system"], check=True)
    return tmp_path / "system/usr/bin/dnnbench"


@pytest.fixture
def wheel(packages, tmp_path) -> Path:
    """The command of the wheel in a virtual environment."""
    (file,) = packages.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    pip = [tmp_path / "venv/bin/python", "-m", "pip", "install", "--quiet", "--no-index"]
    subprocess.run([*pip, "--no-deps", file], check=True)
    return tmp_path / "venv/bin/dnnbench"


def measure(command: Path, machine: dict[str, str], model: Path) -> subprocess.CompletedProcess:
    flags = ["--onnxruntime", "--openvino", "--repeat=3", "--warmup=0"]
    return subprocess.run(
        [command, "run", model, *flags],
        env=machine,
        cwd=model.parent,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("package", ["deb", "wheel"])
def test_a_package_measures_without_a_compiler(package, machine, convolution, tmp_path, request):
    assert not shutil.which("cc", path=machine["PATH"])
    model = Path(shutil.copy(convolution, tmp_path / "model.onnx"))
    done = measure(request.getfixturevalue(package), machine, model)
    assert re.search(r"^onnxruntime .*(ok|suspect)$", done.stdout, re.MULTILINE), done
    assert re.search(r"^openvino .*(ok|suspect)$", done.stdout, re.MULTILINE), done
    assert "Compiling" not in done.stderr and "Building" not in done.stderr
    assert len(list((tmp_path / "results").rglob("*.json"))) == 2


def test_it_has_the_programs_of_the_fetched_engines_only(deb, machine):
    subprocess.run([deb, "engines"], env=machine, check=True, capture_output=True)
    (programs,) = (Path(machine["XDG_CACHE_HOME"]) / "dnn-bench/programs").iterdir()
    engines = {path.name for path in programs.glob("dnnbench-engine-*")}
    assert engines == {"dnnbench-engine-onnxruntime", "dnnbench-engine-openvino"}


def test_the_program_of_a_removed_engine_goes(deb, machine):
    subprocess.run([deb, "engines"], env=machine, check=True, capture_output=True)
    (Path(machine["XDG_CACHE_HOME"]) / "dnn-bench/engines/openvino").unlink()
    done = subprocess.run([deb, "engines"], env=machine, check=True, capture_output=True, text=True)
    assert "openvino" not in done.stdout


def test_tvm_needs_the_source_tree(deb, machine, convolution):
    done = subprocess.run(
        [deb, "run", convolution, "--tvm"], env=machine, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("dnnbench: --tvm needs the source tree: TVM compiles each model")


def test_the_deb_and_the_wheel_carry_the_same_files(deb, wheel):
    def files(tree: Path) -> set[Path]:
        return {p.relative_to(tree) for p in tree.rglob("*") if "__pycache__" not in p.parts}

    (site,) = wheel.parent.parent.glob("lib/python3*/site-packages/dnnbench/lib/dnn-bench")
    carried = files(deb.resolve().parent)
    assert carried == files(site)
    assert not [p for p in carried if "_test" in p.name]
    for licence in ("libfmt-dev", "libssl-dev", "libcli11-dev", "nlohmann-json3-dev"):
        assert Path("programs/licences", licence) in carried
