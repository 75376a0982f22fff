"""dnnbench selftest: an engine in turns with another against the same engine alone."""

import re

import pytest

ROW = re.compile(
    r"^(\S+) +(\S+) +([\d.]+) ms +([\d.]+)x \[([\d.]+), ([\d.]+)\] +(\d+) +(\d+)  (.+)$"
)


def rows(done) -> list[re.Match]:
    assert done.stdout.splitlines()[0].split() == [
        *("engine", "beside", "alone", "in", "turns", "cycles", "disturbed", "verdict")
    ]
    if "busy with something else" in done.stdout:
        assert done.returncode == 1
        pytest.skip("the machine is too busy")
    return [ROW.match(line) for line in done.stdout.splitlines()[1:]]


def test_engines_that_only_wait_for_the_clock_agree(dnnbench, convolution):
    parts = [f"--fake=ok,duration_s={seconds}" for seconds in (0.002, 0.003)]
    done = dnnbench("selftest", convolution, *parts, "--budget=25")
    first, second = rows(done)
    assert done.returncode == 0, done.stdout
    assert (float(first[3]), float(second[3])) == pytest.approx((2, 3), rel=0.02)
    for row in (first, second):
        assert float(row[5]) <= float(row[4]) <= float(row[6])
        assert row[9] == "agrees within 2 %"


def test_too_short_a_budget_claims_nothing(dnnbench, convolution):
    parts = [f"--fake=ok,duration_s={seconds}" for seconds in (0.002, 0.003)]
    done = dnnbench("selftest", convolution, *parts, "--budget=0.1")
    assert done.returncode == 1
    assert "agrees" not in done.stdout


def test_an_engine_that_ends_is_told(dnnbench, convolution):
    done = dnnbench("selftest", convolution, "--fake=crash", "--fake=ok")
    assert done.returncode == 1
    assert "an engine ended: " in done.stderr


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ((), "dnnbench selftest: one MODEL, please; see --help"),
        (("missing.onnx", "--fake=ok", "--fake=slow"), "there is no model file missing.onnx"),
        (
            ("MODEL", "--fake=ok"),
            "dnnbench selftest: two engines, please: one takes turns with another",
        ),
        (("MODEL", "--repeat=3"), "dnnbench selftest: unknown flag --repeat"),
    ],
)
def test_wrong_usage_is_told_in_one_sentence(dnnbench, convolution, arguments, sentence):
    arguments = [convolution if argument == "MODEL" else argument for argument in arguments]
    done = dnnbench("selftest", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
