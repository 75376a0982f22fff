"""Every way in which an engine can end, played by the fake one, is reported as what it is, and leaves
the other engines as they would be without it."""

import os
import re
import resource
import signal
import uuid

import pytest

from processes import MARK, processes_with, wait_until

CRASH = "ended by SIGSEGV"
ENDINGS = {
    "ok": ("ok", ""),
    "slow": ("ok", ""),
    "noisy": ("ok", ""),
    "wrong": ("wrong_output", "Before the timing: "),
    "one_element_wrong": ("wrong_output", "Before the timing: "),
    "transposed": ("wrong_output", "Before the timing: "),
    "bf16": ("wrong_output", "Before the timing: "),
    "f16": ("wrong_output", "Before the timing: "),
    "nan": ("wrong_output", "Before the timing: "),
    "wrong_shape": ("wrong_output", "Before the timing: "),
    "cached": ("wrong_output", "Before the timing: "),
    "wrong_later": ("wrong_output", "During the timing: "),
    "crash": ("crashed", CRASH),
    "crash_on_load": ("crashed", f"{CRASH} (Segmentation fault) during load"),
    "crash_later": ("crashed", CRASH),
    "abort": ("crashed", "ended by SIGABRT"),
    "exit": ("failed", "ended by itself with exit code 7"),
    "orphan": ("crashed", CRASH),
    "unsupported": ("unsupported", 'operator Fake (opset 1), node "pretend"'),
    "failed": ("failed", "the fake engine fails because it was asked to"),
}
LOADED = {"ok", "slow", "noisy", "wrong_later", "crash", "crash_later", "abort", "exit", "orphan"}


@pytest.fixture(scope="module")
def mark() -> str:
    return uuid.uuid4().hex


@pytest.fixture(scope="module")
def all_endings(bench, convolution, mark):
    """One run with every part, ONNX Runtime measured first."""
    flags = [f"--fake={part}" for part in ENDINGS]
    environment = os.environ | {MARK: mark}
    return bench(
        convolution,
        "--onnxruntime",
        *flags,
        "--repeat=40",
        "--warmup=0",
        quick=False,
        env=environment,
    )


def test_the_exit_code_says_that_some_engine_is_not_ok(all_endings):
    assert all_endings.code == 1
    assert all_endings.stderr == f"Results are in {all_endings.output}\n"


def test_every_engine_has_a_result(all_endings):
    expected = {f"fake-{part}" for part in ENDINGS} | {"onnxruntime-cpu"}
    assert all_endings.results.keys() == expected
    assert all_endings.results["onnxruntime-cpu"]["outcome"] == "ok"


@pytest.mark.parametrize("part", ENDINGS)
def test_an_ending_is_reported_as_what_it_is(all_endings, part):
    outcome, reason = ENDINGS[part]
    result = all_endings.results[f"fake-{part}"]
    assert result["outcome"] == outcome
    assert reason in result["reason"]
    assert result["reason"].count("\n") == 0
    assert len(result["data"]) == (40 if outcome == "ok" else 0)
    assert all_endings.verdict(f"fake-{part}") == outcome
    if outcome != "ok":
        assert f"\nfake-{part}: {outcome}: {result['reason']}\n" in all_endings.stdout


@pytest.mark.parametrize("part", ENDINGS)
def test_the_verdict_is_of_the_outputs_alone(all_endings, part):
    outcome, _ = ENDINGS[part]
    verdict = all_endings.results[f"fake-{part}"]["verification"]["verdict"]
    if outcome == "wrong_output":
        assert verdict == "wrong"
    elif outcome == "ok" or part == "crash_later":
        assert verdict == "ok"
    else:
        assert verdict == "unverified"


@pytest.mark.parametrize("part", ENDINGS)
def test_what_was_learnt_before_the_end_is_kept(all_endings, part):
    result = all_endings.results[f"fake-{part}"]
    assert result["engine_version"] == "1.0"
    if part in LOADED:
        assert result["load_s"] > 0
        assert result["in_force"]["settings"]["part"] == part
    if part in ("unsupported", "failed", "crash_on_load"):
        assert result["load_s"] is None
        assert result["in_force"] is None


def test_only_ok_engines_are_ranked(all_endings):
    ranked = [row for row in all_endings.rows() if re.search(r"\d\.\d\dx( |$)", " ".join(row))]
    names = [row[0] for row in ranked]
    assert set(names) <= {"onnxruntime", "fake-ok", "fake-slow", "fake-noisy"}
    if not all_endings.disturbed:
        assert len(names) == 4
        assert names[-1] == "fake-slow"


def test_what_an_engine_prints_goes_to_its_log(all_endings):
    log = all_endings.log(all_endings.results["fake-noisy"])
    assert log.count(b"#") >= 40 * 4096
    assert "#" not in all_endings.stdout + all_endings.stderr


def test_nothing_is_left_running(all_endings, mark):
    """The part `orphan` leaves a process behind that would go on for ever."""
    wait_until(lambda: not processes_with(mark))


def test_all_well_exits_with_0(bench, convolution):
    assert bench(convolution, "--fake=ok").code == 0


def test_a_crash_is_seen_by_a_run_whose_parent_ignores_ends(bench, convolution):
    def ignore_ends():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    run = bench(convolution, "--fake=crash", preexec_fn=ignore_ends)
    assert run.only_result()["outcome"] == "crashed"


def test_a_hang_ends_at_the_deadline(bench, convolution):
    run = bench(convolution, "--fake=hang", "--fake=ok", "--timeout=6")
    assert run.code == 1
    result = run.results["fake-hang"]
    assert result["outcome"] == "timed_out"
    assert result["reason"] == "no answer to slice within 6 s (--timeout)"
    assert run.verdict("fake-hang") == "timed_out"
    assert run.results["fake-ok"]["outcome"] == "ok"


def test_an_engine_out_of_memory_is_reported_so(bench, convolution):
    def limit_memory():
        resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))

    flags = ["--fake=out_of_memory", "--fake=ok"]
    run = bench(convolution, *flags, preexec_fn=limit_memory)
    assert run.code == 1
    assert run.results["fake-out_of_memory"]["outcome"] == "out_of_memory"
    assert run.verdict("fake-out_of_memory") == "out_of_memory"
    assert run.results["fake-ok"]["outcome"] == "ok"
