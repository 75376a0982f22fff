"""Holds the page's rule (web/plans.js) against that of the pictures (plans.py) and against queueing
theory's own definitions."""

import dataclasses
import json
import math
import random
from pathlib import Path

import pytest

import comparisons
import cost_chart
import plans
import price_charts
from chromium_for_tests import PROGRAM, Chromium

WEB = Path(__file__).resolve().parent / "web"

pytestmark = pytest.mark.skipif(not PROGRAM, reason="needs Chromium (Debian: chromium)")


@pytest.fixture(scope="module")
def ask():
    """Evaluates an expression beside Plans and Words, with `given` in it."""
    with Chromium() as browser:
        browser.add_scripts(WEB / "words.js", WEB / "plans.js")

        def evaluate(expression: str, given: object = None) -> object:
            return browser.evaluate(f"((given) => {expression})({json.dumps(given)})")

        yield evaluate


def candidate(name: str, times: list[float], price: float, **other: object) -> plans.Candidate:
    mean = sum(times) / len(times)
    known = {
        "mean_square_s2": sum(t * t for t in times) / len(times),
        "slowest_s": max(times),
        "measurements": len(times),
        "low_per_s": 1 / mean,
        "high_per_s": 1 / mean,
        "single_only": False,
        "verified": True,
    } | other
    return plans.Candidate(name, "engine", "cpu", price, mean, **known)


def published(name: str, throughput: float, price: float, **other: object) -> plans.Candidate:
    unknown = {"mean_square_s2": None, "slowest_s": None, "measurements": 0}
    return candidate(name, [1 / throughput], price, **(unknown | other))


def given(candidates: list[plans.Candidate], **other: object) -> dict:
    wish = {"latency_s": None, "single": False} | other.pop("wish", {})
    return {"candidates": [dataclasses.asdict(c) for c in candidates], "wish": wish} | other


PLANS = """Plans.plans(given.candidates, given.rate, given.wish).plans
    .map(p => [p.count, p.candidate.instance, p.usd_per_hour])"""


def asked_for_plans(ask, candidates, rate, **wish):
    return [tuple(row) for row in ask(PLANS, given(candidates, rate=rate, wish=wish))]


def random_fleet(chance: random.Random) -> list[plans.Candidate]:
    prices = (0.034, 0.068, 0.1, 0.25)
    fleet = []
    for i in range(chance.randint(1, 6)):
        throughput = chance.choice([0.7, 1.4, chance.uniform(0.5, 20)])
        rates = sorted(throughput * chance.uniform(0.2, 1.3) for _ in range(chance.choice([0, 2])))
        measured = tuple((rate, chance.choice([0.5, 0.5, None])) for rate in rates)
        fleet.append(published(f"m{i}", throughput, chance.choice(prices), measured_rates=measured))
    return fleet


def test_the_same_plans_as_the_pictures(ask):
    chance = random.Random(1)
    for _ in range(200):
        fleet = random_fleet(chance)
        rates = [chance.uniform(0.1, 100), chance.randint(1, 9) * fleet[0].throughput_per_s]
        for rate in rates:
            expected = [
                (p.count, p.candidate.instance, pytest.approx(p.usd_per_hour))
                for p in plans.plans(fleet, rate)
            ]
            assert asked_for_plans(ask, fleet, rate) == expected


def test_the_same_steps_as_the_pictures(ask):
    chance = random.Random(2)
    steps = "Plans.steps(given.candidates, 60, given.wish).map(s => [s.above_per_s, s.plan.count, s.plan.candidate.instance])"
    for _ in range(50):
        fleet = random_fleet(chance)
        found = [tuple(step) for step in ask(steps, given(fleet))]
        assert found == [
            (pytest.approx(s.above_per_s), s.plan.count, s.plan.candidate.instance)
            for s in plans.steps(fleet, 60)
        ]


def capacity(ask, known: plans.Candidate, latency_s: float | None) -> float:
    wish = given([known], wish={"latency_s": latency_s})
    return ask("Plans.capacity(given.candidates[0], given.wish.latency_s)", wish)


def test_capacity_within_a_latency(ask):
    """The rate at which the slowest inference and the wait before it fill the latency exactly."""
    times = [0.010, 0.011, 0.012, 0.020]
    known = candidate("m", times, 1)
    for latency_s in (0.0201, 0.03, 0.05, 0.1, 1.0):
        rate = capacity(ask, known, latency_s)
        busy = rate * known.mean_s
        assert 0.01 <= busy < 1
        wait = known.mean_square_s2 / (2 * known.mean_s * (1 - busy)) * math.log(100 * busy)
        assert max(times) + wait == pytest.approx(latency_s, rel=1e-9)
    assert capacity(ask, known, 0.0199) == 0
    assert capacity(ask, known, 1e9) == pytest.approx(known.throughput_per_s, rel=1e-6)


def test_what_was_measured_raises_the_estimate_whatever_the_latency(ask):
    """6.8 ms at 60/s, where the times alone say 5.7: no latency below it is shown at that rate, and
    no looser latency needs more machines."""
    known = candidate("m", [0.0022] * 99 + [0.0024], 1)
    capacities = []
    for rates in ((), ((60, 0.0068),), ((60, 0.0068), (300, None))):
        one = dataclasses.replace(known, measured_rates=rates)
        found = [capacity(ask, one, latency_s / 1e4) for latency_s in range(20, 400)]
        assert found == sorted(found)
        capacities.append(found)
    assert all(few <= many for few, many in zip(capacities[2], capacities[1]))
    assert all(few <= many for few, many in zip(capacities[1], capacities[0]))
    assert max(capacities[2]) == 60  # 300/s were too much: nothing above 60/s is known
    overloaded = dataclasses.replace(known, measured_rates=((60, 0.0068), (300, None)))
    assert capacity(ask, overloaded, None) == 60
    one = dataclasses.replace(known, measured_rates=((60, 0.0068),))
    latency = "Plans.plans(given.candidates, given.rate, given.wish).plans[0].latency"
    assert ask(latency, given([one], rate=60)) == {"s": 0.0068, "basis": "measured"}
    above = ask(latency, given([one], rate=61))
    assert above["s"] > 0.0068 and above["basis"] == "estimate"


def test_more_machines_never_answer_sooner_than_one_inference(ask):
    slow = [candidate("m", [1.43], 0.034), published("p", 0.7, 0.034)]
    assert asked_for_plans(ask, slow, 2, latency_s=0.2) == []
    assert len(asked_for_plans(ask, slow, 2, latency_s=1.5)) == 2


def test_plans_serve_their_rate_within_the_latency(ask):
    known = [candidate("m", [0.010, 0.011, 0.012, 0.020], 1)]
    latency = "Plans.plans(given.candidates, given.rate, given.wish).plans[0].latency.s"
    for rate in (1, 50, 500, 5000):
        answer = ask(latency, given(known, rate=rate, wish={"latency_s": 0.05}))
        assert 0.020 <= answer <= 0.05 * (1 + 1e-9)


def test_a_plan_that_holds_only_at_the_upper_end_says_so(ask):
    holds = "Plans.plans(given.candidates, given.rate, given.wish).plans[0].holds"
    unsure = [published("m", 10, 1, low_per_s=9, high_per_s=11)]
    assert ask(holds, given(unsure, rate=9)) is True
    assert ask(holds, given(unsure, rate=9.5)) is False
    assert ask(holds, given(unsure, rate=17.9)) is True
    stated = [published("m", 10, 1, low_per_s=9, high_per_s=11, single_only=True)]
    assert ask(holds, given(stated, rate=9.5)) is False


def test_a_single_machine_and_bounds(ask):
    pair = [
        published("a", 1, 0.1),
        published("b", 5, 1.0),
        published("c", 9, 0.2, single_only=True),
    ]
    names = [name for _, name, _ in asked_for_plans(ask, pair, 4, single=True)]
    assert names == ["c", "b"]
    assert [row[:2] for row in asked_for_plans(ask, pair, 10)] == [(10, "a"), (2, "b")]


def test_no_price_no_plan(ask):
    assert asked_for_plans(ask, [published("a", 1, None)], 1) == []


@pytest.mark.parametrize(
    "value",
    [123456.7, 1234.4, 99.96, 99.94, 30.43, 1.0, 9.996, 0.01234, 1e-5, 3e-7, 20.0, 10.95, 0.99996],
)
def test_numbers_are_written_alike(ask, value):
    assert ask("Words.short(given)", value) == comparisons.short(value)
    assert ask("Words.time(given)", value) == comparisons.short_time(value)
    assert ask("Words.usd(given)", value) == price_charts.usd(value)
    assert ask("Words.rate(given)", value) == cost_chart.four(value)


@pytest.mark.parametrize(
    ("text", "width", "max_lines"),
    [
        ("one two three", 8, 3),
        ("cpu-threads=1-precision=bf16", 16, 3),
        ("a" * 25, 10, 3),
        ("one two three four", 5, 2),
        ("", 5, 2),
        ("28 \u00d7 c5a.large", 14, 2),
        ("ONNX Runtime", 14, 2),
    ],
)
def test_lines_are_broken_alike(ask, text, width, max_lines):
    found = ask("Words.wrap(...given)", [text, width, max_lines])
    assert found == comparisons.wrap(text, width, max_lines)
