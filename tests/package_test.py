"""What `make package` builds, used without a compiler: the .deb unpacked, the wheel installed."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from processes import cache_folder

ROOT = Path(__file__).resolve().parent.parent
COMPILERS = re.compile(r"(.*-)?(cc|gcc|g\+\+|c\+\+|clang|clang\+\+|cmake|ninja|ld)(-[\d.]+)?$")
CACHE = cache_folder()


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
        timeout=600,
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


def run(command: Path, machine: dict[str, str], *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [command, *arguments], env=machine, cwd=machine["HOME"], capture_output=True, text=True
    )


def test_rows_for_gpus_say_why_they_do_not_run(deb, machine, convolution):
    rows = ["--ort-cuda", "--ort-tensorrt", "--tensorrt"]
    done = run(deb, machine, "run", convolution, "--device=GPU", *rows)
    assert done.returncode == 1, done
    if "so nothing is fetched for GPUs" not in done.stderr:
        pytest.skip("this machine has a GPU")
    reasons = [
        json.loads(path.read_text())["reason"]
        for path in Path(machine["HOME"]).rglob("results/**/*.json")
    ]
    assert len(reasons) == 3
    assert all(reason.startswith(("this machine has no", "no GPU is")) for reason in reasons)


def test_the_openvino_provider_runs(deb, machine, convolution):
    package = CACHE / "engines/onnxruntime-openvino"
    if not package.exists():
        pytest.skip("onnxruntime-openvino is not installed here")
    (Path(machine["XDG_CACHE_HOME"]) / "dnn-bench/engines/onnxruntime-openvino").symlink_to(package)
    done = run(deb, machine, "run", convolution, "--ort-openvino", "--repeat=3", "--warmup=0")
    assert re.search(r"^onnxruntime-openvino .*(ok|suspect)$", done.stdout, re.MULTILINE), done


def test_programs_look_for_nothing_where_the_package_was_built(deb):
    programs = deb.resolve().parent / "programs"
    names = {path.name.removeprefix("dnnbench-engine-") for path in programs.glob("dnnbench-*-*")}
    assert {"onnxruntime-gpu", "onnxruntime-openvino", "pytorch"} <= names
    for program in programs.glob("dnnbench*"):
        dynamic = subprocess.run(["readelf", "--dynamic", program], capture_output=True, text=True)
        paths = re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]", dynamic.stdout)
        for folder in ":".join(paths).split(":"):
            assert folder in ("", "/usr/local/cuda/lib64") or folder.startswith("$ORIGIN"), program


def test_what_is_said_names_the_command_that_there_is(deb, machine, convolution):
    texts = []
    for subcommand in ("", "run", "inspect", "engines", "compare", "advise", "fleet", "plot"):
        texts.append(run(deb, machine, *filter(None, [subcommand]), "--help").stdout)
    assert "Usage: dnnbench run MODEL... [flags]\n" in texts[1]
    texts.append(run(deb, machine).stderr)
    texts.append(run(deb, machine, "engines", "--remove=nothing").stderr)
    texts.append(run(deb, machine, "engines").stdout)
    programs = Path(machine["XDG_CACHE_HOME"], "dnn-bench/programs")
    (program,) = programs.glob("*/dnnbench")
    texts.append(run(program, machine, "run", "yolov4").stderr)
    assert texts[-1].rstrip().endswith("dnnbench run yolov4 generates it")
    (Path(machine["XDG_CACHE_HOME"]) / "dnn-bench/engines/openvino").unlink()
    done = run(program, machine, "run", convolution, "--openvino", "--repeat=3")
    texts.append(done.stdout + done.stderr)
    assert "dnnbench run with the engine's flag" in texts[-1]
    for text in texts:
        assert text and "bench_model.sh" not in text and "./dnnbench" not in text


def test_tvm_needs_the_source_tree(deb, machine, convolution):
    done = run(deb, machine, "run", convolution, "--tvm")
    assert done.returncode == 1, done
    assert (
        'this build of dnnbench has no engine "tvm"; engines/tvm/README.md in the source tree'
        in (done.stdout.replace("\n", " "))
    )
    assert "Fetching" not in done.stderr


def test_the_deb_and_the_wheel_carry_the_same_files(deb, wheel):
    def files(tree: Path) -> set[Path]:
        return {p.relative_to(tree) for p in tree.rglob("*") if "__pycache__" not in p.parts}

    (site,) = wheel.parent.parent.glob("lib/python3*/site-packages/dnnbench/lib/dnn-bench")
    carried = files(deb.resolve().parent)
    assert carried == files(site)
    assert not [p for p in carried if "_test" in p.name]
    for licence in ("libfmt-dev", "libssl-dev", "libcli11-dev", "nlohmann-json3-dev"):
        assert Path("programs/licences", licence) in carried
