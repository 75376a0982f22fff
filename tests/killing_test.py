"""However dnnbench is ended, it leaves no process, no work folder and no half of a result behind."""

import json
import os
import signal
import subprocess
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

import tiny_models
from processes import LIMIT_S, MARK, processes_with, wait_until


def work_folders_with(mark: str) -> list[Path]:
    """Work folders whose inputs bear the mark as a name."""
    found = []
    for parent in {Path("/dev/shm"), Path(tempfile.gettempdir())}:
        for file in parent.glob("dnnbench-*/*"):
            try:
                if mark.encode() in file.read_bytes():
                    found.append(file.parent)
            except OSError:
                pass
    return found


@dataclass
class Victim:
    process: subprocess.Popen
    mark: str
    output: Path

    def is_at(self, part: str) -> bool:
        """Whether an engine has come to its hang: its log is there, and it has been given inputs."""
        engines = [c for c in processes_with(self.mark).values() if "dnnbench-engine-fake" in c]
        return bool(engines) and any(self.output.glob(f"*-fake-{part}.log"))


@pytest.fixture
def victim(programs, tmp_path):
    """A run whose first engine ends at once and whose second one hangs for ever."""
    mark = uuid.uuid4().hex
    model = tiny_models.save(tiny_models.convolution(name=f"x{mark}"), tmp_path / "tiny.onnx")
    output = tmp_path / "results"
    command = [programs / "dnnbench", "run", model, "--fake=unsupported", "--fake=hang"]
    command += ["--repeat=2"]
    process = subprocess.Popen(
        [*command, "--warmup=0", f"--output={output}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | {MARK: mark},
    )
    yield Victim(process, mark, output)
    for pid in processes_with(mark):
        os.kill(pid, signal.SIGKILL)
    process.wait()


def check_nothing_is_left(victim: Victim) -> None:
    victim.process.wait(timeout=LIMIT_S)
    wait_until(lambda: not processes_with(victim.mark))
    assert work_folders_with(victim.mark) == []
    files = list(victim.output.rglob("*"))
    assert all(file.suffix in (".json", ".log") for file in files)
    for file in victim.output.glob("*.json"):
        assert json.loads(file.read_text(encoding="utf-8"))["outcome"] == "unsupported"


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"])
def test_a_killed_run_leaves_only_finished_results(victim, name):
    wait_until(lambda: victim.is_at("hang"))
    assert work_folders_with(victim.mark)
    victim.process.send_signal(signal.Signals[name])
    check_nothing_is_left(victim)
    assert [file.name for file in victim.output.glob("*.json")] == [
        "tiny-quant=0-cpu-fake-unsupported.json"
    ]


def test_ctrl_c_at_the_terminal_ends_everything(victim):
    """The whole process group of the terminal gets the signal."""
    wait_until(lambda: victim.is_at("hang"))
    os.killpg(victim.process.pid, signal.SIGINT)
    check_nothing_is_left(victim)
    assert victim.process.returncode != 0


@pytest.mark.parametrize("delay_s", [0.02, 0.1, 0.25, 0.5])
def test_a_run_may_be_killed_at_any_time(victim, delay_s):
    time.sleep(delay_s)
    victim.process.kill()
    check_nothing_is_left(victim)


def test_an_engine_killed_by_someone_else_is_a_crash(victim):
    wait_until(lambda: victim.is_at("hang"))
    (engine,) = [
        pid for pid, c in processes_with(victim.mark).items() if "dnnbench-engine-fake" in c
    ]
    os.kill(engine, signal.SIGKILL)
    assert victim.process.wait(timeout=LIMIT_S) == 1
    result = json.loads((victim.output / "tiny-quant=0-cpu-fake-hang.json").read_text())
    assert result["outcome"] == "crashed"
    assert "SIGKILL" in result["reason"]
