"""dnnbench selftest: an engine in turns with another against the same engine alone."""

import re

import pytest

ROW = re.compile(
    r"^(\S+) +(\S+) +([\d.]+) ms +([\d.]+)x \[([\d.]+), ([\d.]+|inf)\] +(\d+) +(\d+)  (\w+)$"
)
BUSY = re.compile(r"^(\S+) +(\S+) +- +- +(\d+) +(\d+)  busy$")


def test_the_verdict_is_that_of_the_interval(dnnbench, convolution):
    """Whether engines that only wait for the clock agree depends on how quiet the machine is."""
    parts = [f"--fake=ok,duration_s={seconds}" for seconds in (0.002, 0.003)]
    done = dnnbench("selftest", convolution, *parts, "--budget=25")
    answer, table = done.stdout.split("\n\n")
    header, *lines = table.splitlines()
    assert header.split() == [
        *("engine", "beside", "alone", "in", "turns", "cycles", "disturbed", "verdict")
    ]
    assert len(lines) == 2
    for line, alone_ms in zip(lines, (2, 3)):
        if busy := BUSY.match(line):
            assert 2 * int(busy[4]) > int(busy[3])
            assert f"while {busy[1]} was measured." in answer
            continue
        row = ROW.match(line)
        low, ratio, high = float(row[5]), float(row[4]), float(row[6])
        assert float(row[3]) >= alone_ms
        assert low <= ratio <= high
        if min(abs(low - 1 / 1.02), abs(high - 1.02)) > 0.001:  # not what rounding decides
            assert (row[9] == "agrees") == (1 / 1.02 <= low and high <= 1.02)
        assert row[9] == "agrees" or row[1] in answer
    all_agree = all(line.endswith("  agrees") for line in lines)
    assert all_agree == (answer == "Each engine in turns is as fast as alone, within 2 %.")
    assert done.returncode == (0 if all_agree else 1)


def test_too_short_a_budget_claims_nothing(dnnbench, convolution):
    parts = [f"--fake=ok,duration_s={seconds}" for seconds in (0.002, 0.003)]
    done = dnnbench("selftest", convolution, *parts, "--budget=0.1")
    assert done.returncode == 1
    assert "agrees\n" not in done.stdout


def test_an_engine_that_ends_is_reported(dnnbench, convolution):
    done = dnnbench("selftest", convolution, "--fake=crash", "--fake=ok")
    assert done.returncode == 1
    assert "an engine ended: " in done.stderr


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ((), "dnnbench selftest: give one MODEL; see --help"),
        (
            ("missing.onnx", "--fake=ok", "--fake=slow"),
            "there is no file missing.onnx, and no model",
        ),
        (
            ("MODEL", "--fake=ok"),
            "dnnbench selftest: give at least two engines, which take turns",
        ),
        (("MODEL", "--repeat=3"), "dnnbench selftest: unknown flag --repeat"),
    ],
)
def test_wrong_usage_is_one_sentence(dnnbench, convolution, arguments, sentence):
    arguments = [convolution if argument == "MODEL" else argument for argument in arguments]
    done = dnnbench("selftest", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
