"""Hostile engines among honest ones: each ends as what it is, the others are measured as if it were
not there, and nothing is left behind. src/process/engine_session_test.cpp tries every lie."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import uuid
from pathlib import Path

import pytest

import tiny_models
from processes import LIMIT_S, MARK, engine_folder, processes_with, wait_until

LIES = {
    "zero_time": "failed",
    "endless_time": "failed",
    "many_times": "failed",
    "refuses_with_ok": "failed",
    "has_no_end": "failed",
    "long_version": "failed",
    "fifo_outputs": "failed",
    "huge_outputs": "failed",
    "says_half": "timed_out",
    "is_deaf": "timed_out",
    "shows_colours": "crashed",
    "floods_its_log": "ok",
    "leaves_a_daemon": "ok",
}


@pytest.fixture(scope="module")
def with_hostile(programs, tmp_path_factory) -> Path:
    """The programs with an engine that answers y = x and is hostile."""
    folder = tmp_path_factory.mktemp("programs")
    for name in ("dnnbench", "dnnbench-engine-onnxruntime", "dnnbench-engine-fake"):
        shutil.copy2(programs / name, folder / name)
    shutil.copy2(programs / "dnnbench-hostile-engine", folder / "dnnbench-engine-hostile")
    return folder


@pytest.fixture(scope="module")
def identity(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("models") / "tiny.onnx"
    return tiny_models.save(tiny_models.one_node("Identity"), path)


@pytest.mark.parametrize("part", LIES)
def test_a_hostile_engine_harms_no_other(bench, with_hostile, identity, part):
    mark = uuid.uuid4().hex
    run = bench(
        identity,
        "--hostile",
        "--onnxruntime",
        "--timeout=6",
        executable=with_hostile / "dnnbench",
        env=os.environ | {"DNNBENCH_HOSTILE": part, MARK: mark},
    )
    results = run.results
    assert results["onnxruntime-cpu"]["outcome"] == "ok"
    hostile = results["hostile-cpu"]
    assert hostile["outcome"] == LIES[part], hostile["reason"]
    assert hostile["reason"].isprintable()
    assert len(hostile["reason"]) < 1000
    assert len(hostile["data"]) == (3 if LIES[part] == "ok" else 0)
    assert run.code == (0 if LIES[part] == "ok" else 1)
    assert len(run.log(hostile)) < 17 << 20
    wait_until(lambda: not processes_with(mark))  # the one that tidies up ends last


def start(with_hostile, identity, output, *flags, **environment) -> subprocess.Popen:
    command = [with_hostile / "dnnbench", "run", identity, *flags, f"--output={output}"]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | environment,
        text=True,
    )


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2][0]
    except OSError:  # it has ended
        return ""


def test_an_engine_that_is_killed_while_it_is_paused_has_crashed(with_hostile, identity, tmp_path):
    """The kernel's out-of-memory killer chooses such ones, too."""
    mark = uuid.uuid4().hex
    flags = ("--fake=ok", "--fake=ok,duration_s=0.02", "--budget=4")
    run = start(with_hostile, identity, tmp_path, *flags, **{MARK: mark})

    def paused() -> list[int]:
        engines = [pid for pid, line in processes_with(mark).items() if "engine-fake" in line]
        return [pid for pid in engines if len(engines) == 2 and state_of(pid) == "T"]

    found: list[int] = []
    wait_until(lambda: found.extend(paused()) or found)
    os.kill(found[0], signal.SIGKILL)
    table, _ = run.communicate(timeout=LIMIT_S)
    assert run.returncode == 1
    assert table.count("ended by SIGKILL (Killed) during") == 1
    results = [json.loads(path.read_text(encoding="utf-8")) for path in tmp_path.glob("*.json")]
    assert sorted(result["outcome"] for result in results) == ["crashed", "ok"]


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_a_daemon_does_not_outlive_a_killed_run(with_hostile, identity, tmp_path, name):
    mark = uuid.uuid4().hex
    environment = {"DNNBENCH_HOSTILE": "leaves_a_daemon", MARK: mark}
    run = start(with_hostile, identity, tmp_path, "--hostile", "--budget=60", **environment)

    def engine_and_daemon() -> list[str]:
        return [line for line in processes_with(mark).values() if "engine-hostile" in line]

    wait_until(lambda: len(engine_and_daemon()) == 2)
    run.send_signal(signal.Signals[name])
    run.communicate(timeout=LIMIT_S)
    wait_until(lambda: not processes_with(mark))


def can_confine() -> bool:
    """Landlock as of Linux 5.19, without which nothing keeps an engine from writing elsewhere."""
    ask_version = 1
    return ctypes.CDLL(None).syscall(444, None, 0, ask_version) >= 2


def test_an_engine_writes_nowhere_but_in_its_own_folder(bench, with_hostile, identity, tmp_path):
    """Not at home, nor in the reference's library, another engine's folder, or the results'."""
    cache = engine_folder("hostile").parent.parent
    library = next(cache.glob("engines/onnxruntime/**/libonnxruntime.so*"))
    others = engine_folder("other")
    others.mkdir(parents=True, exist_ok=True)
    targets = [Path.home(), library, others, with_hostile, identity, tmp_path, "/dev/shm", "/tmp"]
    run = bench(
        identity,
        "--hostile",
        "--onnxruntime",
        executable=with_hostile / "dnnbench",
        env=os.environ
        | {"DNNBENCH_HOSTILE": "trespasses", "DNNBENCH_TRESPASS": " ".join(map(str, targets))},
    )
    others.rmdir()
    hostile = run.results["hostile-cpu"]
    if can_confine():
        assert (hostile["outcome"], hostile["reason"]) == ("ok", "")
    else:
        assert "it could do: writing" in hostile["reason"]
