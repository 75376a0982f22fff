"""The cases of the 2021 study whose answers are known, and the rule's corners."""

import random
from pathlib import Path

import pytest

from catalogue import SHIPPED, read_prices
from comparisons import compare
from machines import fleets
from plans import Candidate, Plan, machines_for, plans, steps
from read_results import read_results

STUDY = Path(__file__).resolve().parent.parent / "examples" / "2021-study"


@pytest.fixture(scope="module")
def bert() -> list[Candidate]:
    results, complaints = read_results(STUDY)
    assert complaints == []
    prices, _ = read_prices(SHIPPED, pytest.fail)
    [fleet] = [f for f in fleets(compare(results), prices) if f.model == "bertsquad-10.onnx"]
    assert fleet.usual_rates == [2, 50]
    return fleet.priced


def words(plan: Plan) -> tuple:
    return plan.count, plan.candidate.instance, round(plan.usd_per_hour, 9)


def test_bert_at_2_per_second(bert):
    found = plans(bert, 2)
    assert words(found[0]) == (3, "c6g.medium", 0.102)
    gpu = next(plan for plan in found if plan.candidate.instance == "g4dn.xlarge")
    assert gpu.count == 1 and round(gpu.usd_per_hour / found[0].usd_per_hour, 2) == 5.16


def test_bert_at_50_per_second(bert):
    found = plans(bert, 50)
    assert words(found[0]) == (1, "g4dn.xlarge", 0.526)
    cpu = next(plan for plan in found if plan.candidate.instance != "g4dn.xlarge")
    assert words(cpu) == (28, "c5a.large", 2.156)
    assert round(cpu.usd_per_hour / found[0].usd_per_hour, 2) == 4.10


def test_bert_s_crossover(bert):
    below = [step for step in steps(bert, 100) if step.plan.candidate.instance != "g4dn.xlarge"]
    assert words(below[-1].plan) == (6, "c5a.large", 0.462)
    assert round(below[-1].plan.capacity_per_s, 2) == 10.95


def candidate(name: str, throughput: float, price: float, **other: object) -> Candidate:
    usual = {"mean_square_s2": None, "slowest_s": None, "measurements": 0, "single_only": False}
    usual |= {"low_per_s": throughput, "high_per_s": throughput, "verified": True}
    return Candidate(name, "e", "s", price, 1 / throughput, **(usual | other))


def test_equal_prices_fewer_machines_first():
    pair = [candidate("small", 1, 0.034), candidate("large", 2, 0.068)]
    assert words(plans(pair, 2)[0]) == (1, "large", 0.068)


@pytest.mark.parametrize("throughput", [1.825, 0.1, 1 / 3, 7e-5, 123.456])
def test_a_multiple_of_the_capacity_costs_no_machine_more(throughput):
    for count in range(1, 200):
        assert machines_for(count * throughput, throughput) == count
        assert machines_for(count * throughput * 1.000001, throughput) == count + 1


def test_a_bound_plans_a_single_machine():
    known = [candidate("bound", 10, 1, single_only=True)]
    assert [words(p) for p in plans(known, 10)] == [(1, "bound", 1)]
    assert plans(known, 10.1) == []


def test_no_machine_is_planned_at_a_rate_that_overloaded_it():
    overloaded = candidate("a", 100, 1, measured_rates=((60, 0.03), (80, None)))
    assert overloaded.capacity_per_s == 60
    assert [words(p) for p in plans([overloaded], 80)] == [(2, "a", 2)]
    assert [words(s.plan) for s in steps([overloaded], 100)] == [(1, "a", 1), (2, "a", 2)]
    assert candidate("a", 100, 1, measured_rates=((60, 0.03), (120, None))).capacity_per_s == 100
    nothing = candidate("a", 100, 1, measured_rates=((80, None),))
    assert plans([nothing], 1) == [] and list(steps([nothing], 1)) == []


def test_steps_are_the_cheapest_plan_at_every_rate():
    """Against all plans at each step's ends and middle, on random catalogues."""
    chance = random.Random(1)
    for _ in range(50):
        fleet = [
            candidate(f"m{i}", chance.uniform(0.5, 20), chance.choice([0.1, 0.2, 0.25, 0.5]))
            for i in range(chance.randint(1, 5))
        ]
        for step in steps(fleet, 60):
            top = step.plan.capacity_per_s
            for rate in (step.above_per_s * 1.00001 or 1e-6, (step.above_per_s + top) / 2, top):
                assert words(plans(fleet, rate)[0]) == words(step.plan)
