"""However dnnbench is ended, it leaves no process, no work folder and no half of a result behind."""

import contextlib
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

import tiny_models
from processes import LIMIT_S, MARK, processes_with, wait_until


def signal_each(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # one that was restarted meanwhile
            os.kill(pid, number)


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
    signal_each(processes_with(mark), signal.SIGKILL)
    process.wait()


def check_nothing_is_left(victim: Victim) -> None:
    victim.process.wait(timeout=LIMIT_S)
    wait_until(lambda: not processes_with(victim.mark))
    assert work_folders_with(victim.mark) == []
    files = list(victim.output.rglob("*"))
    assert all(file.suffix in (".json", ".log", ".journal") for file in files)
    for file in victim.output.glob("*.json"):
        assert json.loads(file.read_text(encoding="utf-8"))["outcome"] == "unsupported"


def only_the_first_is_stored(victim) -> bool:
    names = [file.name for file in victim.output.glob("*.json")]
    return names == ["tiny-quant=0-cpu-fake-unsupported.json"]


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"])
def test_a_killed_run_leaves_only_finished_results(victim, name):
    wait_until(lambda: victim.is_at("hang"))
    assert work_folders_with(victim.mark)
    victim.process.send_signal(signal.Signals[name])
    check_nothing_is_left(victim)
    assert only_the_first_is_stored(victim)
    assert all(file.stat().st_size > 0 for file in victim.output.glob("*.log"))


def test_ctrl_c_at_the_terminal_ends_what_is_not_measured_yet(victim):
    """The whole process group of the terminal gets the signal."""
    wait_until(lambda: victim.is_at("hang"))
    os.killpg(victim.process.pid, signal.SIGINT)
    check_nothing_is_left(victim)
    assert victim.process.returncode == 128 + signal.SIGINT
    assert only_the_first_is_stored(victim)
    assert not list(victim.output.glob("*.log"))


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


@pytest.fixture
def start(programs, tmp_path):
    """start("--fake=ok"): a run, its output a pipe; `output` is its results folder."""
    mark = uuid.uuid4().hex
    convolution = tiny_models.convolution(name=f"x{mark}")
    started = []

    def call(
        *flags: str,
        models: tuple[str, ...] = ("tiny",),
        folder: str = "results",
        **environment: str,
    ) -> Victim:
        output = tmp_path / folder
        paths = [tmp_path / f"{name}.onnx" for name in models]
        for path in paths:
            tiny_models.save(convolution, path)
        process = subprocess.Popen(
            [programs / "dnnbench", "run", *paths, *flags, f"--output={output}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
            errors="replace",
            env=os.environ | {MARK: mark} | environment,
        )
        started.append(process)
        return Victim(process, mark, output)

    yield call
    signal_each(processes_with(mark), signal.SIGKILL)
    for process in started:
        process.communicate()


def wait_for_first_turn(run: Victim) -> None:
    """One engine is loaded and stands still, the other one has been started."""

    def state(pid: int) -> str:
        try:
            return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2][0]
        except OSError:
            return ""

    def states() -> list[str]:
        return [state(pid) for pid, c in processes_with(run.mark).items() if "engine-fake" in c]

    wait_until(lambda: len(states()) == 2 and "T" in states())


def wait_for_first_block(run: Victim) -> None:
    """Engines have taken a turn, which an interrupt leaves in the results."""
    wait_until(
        lambda: any(b'"block":true' in path.read_bytes() for path in run.output.glob(".*.journal"))
    )


MODES = {
    "latency": ["--budget=60", "--confidence=0.99999"],
    "repeat": ["--repeat=100000"],
    "load": ["--mode=load", "--rate=50", "--budget=120"],
}


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("mode", MODES)
def test_an_interrupted_run_stores_and_prints_what_it_knows(start, mode, name):
    """About 5 s each."""
    run = start("--fake=ok,duration_s=0.002", "--fake=ok,duration_s=0.00201", *MODES[mode])
    wait_for_first_block(run)
    time.sleep(1)
    os.killpg(run.process.pid, signal.Signals[name])
    stdout, stderr = run.process.communicate(timeout=LIMIT_S)
    assert run.process.returncode == 128 + signal.Signals[name]
    assert "Interrupted: finishing this turn; once more ends at once" in stderr
    results = [json.loads(file.read_text()) for file in run.output.glob("*.json")]
    assert results
    for result in results:
        assert result["outcome"] == "ok"
        assert result["stopped"] == "interrupted"
        assert result["label"] in stdout
    wait_until(lambda: not processes_with(run.mark))
    assert work_folders_with(run.mark) == []


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_to_all_processes_of_a_run_is_no_crash_of_an_engine(start, name):
    """As a scheduler sends it; here to the engines first."""
    run = start("--fake=ok,duration_s=0.002", "--fake=ok,duration_s=0.00201", *MODES["latency"])
    wait_for_first_block(run)
    processes = processes_with(run.mark)
    engines = [pid for pid, command in processes.items() if "engine-fake" in command]
    assert engines
    signal_each(engines, signal.Signals[name])
    time.sleep(0.5)
    run.process.send_signal(signal.Signals[name])
    run.process.communicate(timeout=LIMIT_S)
    assert run.process.returncode == 128 + signal.Signals[name]
    results = [json.loads(file.read_text()) for file in run.output.glob("*.json")]
    assert results
    assert {(result["outcome"], result["stopped"]) for result in results} == {("ok", "interrupted")}


def test_an_interrupted_run_of_throughput_stores_the_best_by_then(start):
    run = start("--fake=ok,duration_s=0.002", "--mode=throughput", "--budget=100")
    wait_until(lambda: any("engine-fake" in c for c in processes_with(run.mark).values()))
    time.sleep(3)
    run.process.send_signal(signal.SIGINT)
    stdout, _ = run.process.communicate(timeout=LIMIT_S)
    assert run.process.returncode == 128 + signal.SIGINT
    assert "fake" in stdout or not list(run.output.glob("*.json"))
    wait_until(lambda: not processes_with(run.mark))


def test_the_second_interrupt_ends_at_once(start):
    run = start("--fake=ok,duration_s=0.002", "--fake=hang,calls=2000", "--budget=60")
    wait_for_first_turn(run)
    time.sleep(3)
    for _ in range(2):
        run.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    begin = time.monotonic()
    run.process.communicate(timeout=LIMIT_S)
    assert time.monotonic() - begin < 10
    assert run.process.returncode in (-signal.SIGINT, 128 + signal.SIGINT)
    wait_until(lambda: not processes_with(run.mark))
    assert work_folders_with(run.mark) == []
    assert all(file.stat().st_size > 0 for file in run.output.glob("*.log"))
    assert not list(run.output.glob("*.tmp"))


def test_two_runs_into_one_folder_do_not_mix(start):
    first = start("--fake=ok,duration_s=0.002", "--fake=ok,duration_s=0.003", *MODES["repeat"])
    wait_for_first_turn(first)
    second = start("--fake=ok", "--repeat=2", "--warmup=0")
    assert "Waiting for another run" in second.process.stderr.readline()
    first.process.kill()  # the kernel drops the lock
    second.process.communicate(timeout=LIMIT_S)
    assert second.process.returncode in (0, 5)
    assert [file.name for file in second.output.glob("*.json")] == ["tiny-quant=0-cpu-fake-ok.json"]


def test_a_full_disk_takes_no_table_away(start):
    """A limit on the size of files stands for the full disk."""
    run = start("--fake=ok,duration_s=0.002", "--repeat=500", "--warmup=0")
    resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
    stdout, stderr = run.process.communicate(timeout=LIMIT_S)
    assert "fake" in stdout
    path = run.output / "tiny-quant=0-cpu-fake-ok_duration_s=0.002.json"
    assert f"could not write the result {path}: File too large" in stderr
    assert run.process.returncode == 2
    assert not list(run.output.glob("*.json"))


def finish(run: Victim) -> tuple[int, str, str]:
    """A busy machine repeats blocks: such a run takes 15 s, or minutes."""
    stdout, stderr = run.process.communicate(timeout=5 * LIMIT_S)
    return run.process.returncode, stdout, stderr


def result_of(run: Victim, name: str) -> dict:
    return json.loads((run.output / f"tiny-quant=0-cpu-fake-{name}.json").read_text())


@pytest.mark.parametrize(
    ("name", "folder"), [("SIGINT", "results"), ("SIGKILL", os.fsdecode(b"r\xe9sultats"))]
)
def test_the_same_command_goes_on(start, name, folder):
    """About 15 s. A machine that is busy repeats blocks, and never loses one. The name of the folder
    need not be UTF-8."""
    command = ["--fake=ok,duration_s=0.002", "--fake=ok,duration_s=0.003", "--repeat=600"]
    run = start(*command, folder=folder)
    wait_for_first_turn(run)
    (journal,) = wait_for_journal(run, lines=8)
    run.process.send_signal(signal.Signals[name])
    finish(run)
    blocks = journal.read_text().count('"block":true')
    assert blocks >= 4
    code, _, stderr = finish(start(*command, folder=folder))
    assert code in (0, 5)
    assert f"Going on with an interrupted run, {blocks} blocks of which are measured" in stderr
    for part in ("ok_duration_s=0.002", "ok_duration_s=0.003"):
        result = result_of(run, part)
        assert result["sessions"] == 2
        assert result["stopped"] == "repeat"
        assert len(result["data"]) == 600
        assert result["start_s"] == sorted(result["start_s"])
        assert blocks in result["starts"]
    assert not list(run.output.glob(".*"))


def wait_for_journal(run: Victim, lines: int) -> list[Path]:
    def found() -> list[Path]:
        journals = list(run.output.glob(".*.journal"))
        return journals if journals and journals[0].read_bytes().count(b"\n") >= lines else []

    wait_until(found)
    return found()


def test_a_run_that_is_stopped_for_a_while_is_not_slower_for_it(start):
    run = start("--fake=ok,duration_s=0.002", "--fake=ok,duration_s=0.003", "--repeat=600")
    wait_for_journal(run, lines=6)  # three blocks: engines are restarted after the next
    everybody = list(processes_with(run.mark))
    signal_each(everybody, signal.SIGSTOP)
    time.sleep(3)
    signal_each(everybody, signal.SIGCONT)
    assert finish(run)[0] in (0, 5)
    for part in ("ok_duration_s=0.002", "ok_duration_s=0.003"):
        result = result_of(run, part)
        assert result["outcome"] == "ok"
        assert max(result["data"]) < 2.5 or result["noise"]["suspect"]


DAY_S = 86_400


@pytest.mark.parametrize("jump_s", [DAY_S, -DAY_S])
def test_a_date_that_jumps_changes_no_duration(start, programs, tmp_path, jump_s):
    """In mid-run the date is set by a day, for the program and its engines. About 8 s."""
    clock = tmp_path / "clock"
    preload = {"LD_PRELOAD": str(programs / "dnnbench-clock.so"), "DNNBENCH_CLOCK": str(clock)}
    began = time.monotonic()
    run = start(
        "--fake=ok,duration_s=0.002", "--fake=ok,duration_s=0.003", "--repeat=300", **preload
    )
    wait_for_first_turn(run)
    wait_for_journal(run, lines=3)
    clock.write_text(str(jump_s))
    assert abs(date_under(preload) - time.time() - jump_s) < 3600
    code, _, stderr = finish(run)
    took_s = time.monotonic() - began
    assert code in (0, 5)
    assert "(--timeout)" not in stderr
    results = [result_of(run, f"ok_duration_s={part}") for part in ("0.002", "0.003")]
    for result in results:
        assert result["outcome"] == "ok"
        assert result["stopped"] == "repeat"
        assert len(result["data"]) == 300
        assert min(result["data"]) > 0 and sum(result["data"]) / 1000 < took_s
        assert result["start_s"] == sorted(result["start_s"])
        assert 0 <= result["start_s"][0] and result["start_s"][-1] < took_s
    assert statistics.median(results[0]["data"]) < statistics.median(results[1]["data"])


def date_under(environment: dict[str, str]) -> float:
    command = [sys.executable, "-c", "import time; print(time.time())"]
    run = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return float(run.stdout)


def test_a_model_that_was_complete_is_not_measured_again(start):
    command = ["--fake=ok,duration_s=0.002", "--repeat=300"]
    run = start(*command, models=("first", "second"))
    first = run.output / "first-quant=0-cpu-fake-ok_duration_s=0.002.json"
    wait_until(first.exists)
    wait_until(lambda: len(list(run.output.glob(".*.journal"))) == 2)
    run.process.kill()
    finish(run)
    before = json.loads(first.read_text())
    again = start(*command, models=("first", "second"))
    code, stdout, _ = finish(again)
    assert code in (0, 5)
    after = json.loads(first.read_text())
    assert after | {"run_to_run": None} == before | {"run_to_run": None}  # other runs go on
    assert "first on" in stdout and "second on" in stdout
    assert not list(run.output.glob(".*"))
