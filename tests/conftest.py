"""Runs the real programs, those in the folder DNNBENCH_BIN, as a user does."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest

import tiny_models
from processes import cache_folder

REPOSITORY = Path(__file__).resolve().parent.parent
QUICK = ["--repeat=3", "--warmup=0"]  # for what does not depend on the time measured
ALL_SUSPECT = 5  # exit code: the machine was too busy in every measurement
LIMIT_S = 600  # far above what any of the runs takes; a hang ends here


@dataclass
class Run:
    code: int
    stdout: str
    stderr: str
    output: Path

    @property
    def results(self) -> dict[str, dict]:
        """Every result, under backend-backend_meta."""
        found = [json.loads(path.read_text(encoding="utf-8")) for path in self.json_files()]
        return {f"{result['backend']}-{result['backend_meta']}": result for result in found}

    def json_files(self) -> list[Path]:
        return sorted(self.output.rglob("*.json"))

    def files(self) -> list[str]:
        return sorted(path.name for path in self.output.rglob("*") if path.is_file())

    def only_result(self) -> dict:
        (result,) = self.results.values()
        return result

    def log(self, result: dict) -> bytes:
        """Empty where the engine wrote none."""
        name = result["log_path"]
        return (self.output / name).read_bytes() if name else b""

    @property
    def disturbed(self) -> bool:
        """Whether a busy machine left the run without a ranking."""
        return any(result["noise"]["suspect"] for result in self.results.values())

    @property
    def answer(self) -> str:
        """The sentence that the first table answers with."""
        return self.stdout.splitlines()[1]

    def rows(self) -> list[list[str]]:
        """The words of each line from the first table's header on, that one excepted."""
        lines = [line.split() for line in self.stdout.splitlines()]
        return lines[next(i for i, line in enumerate(lines) if line[:1] == ["engine"]) + 1 :]

    def verdict(self, engine: str) -> str:
        """The last word of an engine's line in the first table; "ok" also for a disturbed one."""
        verdict = next(row for row in self.rows() if row[:1] == [engine])[-1]
        return "ok" if verdict == "suspect" and self.disturbed else verdict


def pytest_collection_modifyitems(items):
    needs_programs = [item for item in items if "dnnbench" in getattr(item, "fixturenames", ())]
    if needs_programs and "DNNBENCH_BIN" not in os.environ:
        raise pytest.UsageError("set DNNBENCH_BIN to the folder of dnnbench; ctest does")


@pytest.fixture(scope="session")
def cache_without_history(tmp_path_factory) -> Path:
    """All of the usual cache but what the machine remembers of its runs; for the program alone,
    since the shell's front would build anew for a cache in another place."""
    usual = cache_folder()
    (usual / "compiled").mkdir(parents=True, exist_ok=True)  # tests look into it
    cache = tmp_path_factory.mktemp("cache") / "dnn-bench"
    cache.mkdir()
    for path in usual.iterdir():
        if path.name != "runs":
            (cache / path.name).symlink_to(path.resolve())
    return cache


@pytest.fixture
def history_of_runs(cache_without_history) -> Path:
    """Where a machine that has not run anything yet will remember its runs."""
    runs = cache_without_history / "runs"
    shutil.rmtree(runs, ignore_errors=True)
    return runs


@pytest.fixture(scope="session")
def programs() -> Path:
    return Path(os.environ["DNNBENCH_BIN"])


@pytest.fixture(scope="session")
def has_openvino(programs) -> bool:
    return (programs / "dnnbench-engine-openvino").exists()


@pytest.fixture(scope="session")
def needs_engine(programs):
    """needs_engine("pytorch"): skips the test where that engine is not built."""

    def check(engine: str) -> None:
        if not (programs / f"dnnbench-engine-{engine}").exists():
            pytest.skip(f"{engine} is not built here")

    return check


@pytest.fixture(scope="session")
def schema() -> jsonschema.Draft202012Validator:
    text = (REPOSITORY / "docs" / "results.schema.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def without_progress(stderr: str) -> str:
    """Without what depends on the machine: "[25 s] openvino: loading", what its kernel lacks."""
    of_machine = (
        r"^(\[\d+ s\] |The machine is busy: |On this machine's kernel |The control group's quota of "
        r"|The kernel spreads no threads over ).*\n"
    )
    return re.sub(of_machine, "", stderr, flags=re.MULTILINE)


@pytest.fixture(scope="session")
def dnnbench(programs, tmp_path_factory, cache_without_history):
    """dnnbench("inspect", path): a subcommand, with no terminal anywhere; `prefix` is a command
    that runs it."""
    folder = tmp_path_factory.mktemp("current")
    usual = os.environ.get("XDG_CACHE_HOME")

    def call(
        *arguments: object, prefix: tuple[str, ...] = (), **options: object
    ) -> subprocess.CompletedProcess:
        command = [*prefix, str(programs / "dnnbench"), *map(str, arguments)]
        options = {"cwd": folder, "timeout": LIMIT_S, "stdin": subprocess.DEVNULL} | options
        if os.environ.get("XDG_CACHE_HOME") == usual:  # else the test has one of its own
            cache = {"XDG_CACHE_HOME": str(cache_without_history.parent)}
            options.setdefault("env", os.environ | cache)
        done = subprocess.run(command, capture_output=True, encoding="utf-8", **options)
        done.stderr = without_progress(done.stderr)
        return done

    return call


@pytest.fixture(scope="session")
def bench(dnnbench, schema, tmp_path_factory):
    """bench(model, "--fake=ok"): a quick run. Whatever it is asked, the results folder then holds
    results that follow the schema, their logs, and nothing else."""

    def call(*arguments: object, quick: bool = True, output: Path = None, **options) -> Run:
        output = output or tmp_path_factory.mktemp("run") / "results"
        flags = [*(QUICK if quick else []), f"--output={output}"]
        done = dnnbench("run", *arguments, *flags, **options)
        run = Run(done.returncode, done.stdout, done.stderr, output)
        if run.code == ALL_SUSPECT and run.disturbed:  # a busy machine, and all else is well
            run.code = 0
        for path in run.json_files():
            result = json.loads(path.read_text(encoding="utf-8"))
            assert [error.message for error in schema.iter_errors(result)] == []
            assert result["output_path"] == str(path)
        kinds = "json|log|journal" if run.code == 2 else "json|log"
        assert all(re.search(rf"\.({kinds})(\.\d+)?$", name) for name in run.files())
        return run

    return call


@pytest.fixture(scope="session")
def convolution(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    return tiny_models.save(tiny_models.convolution(), folder / "tiny.onnx")


@pytest.fixture(scope="session")
def generated_model(tmp_path_factory):
    """generated_model("mobilenetv2-10"): one of the models known by name, as models/make_models.py makes it."""
    folder = tmp_path_factory.mktemp("generated")

    def call(name: str) -> Path:
        path = folder / f"{name}.onnx"
        if not path.exists():
            script = REPOSITORY / "models" / "make_models.py"
            subprocess.run([sys.executable, script, name, "--out", folder], check=True)
        return path

    return call
