"""Which machines, and how many of them, meet a load for the least money.

The rule of `dnnbench advise` (docs/advising.md) for the pictures; vis/page/plans.js is the same for
the page, and plans_test.py holds the two against each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MOST_STEPS = 2000  # of a picture's line; beyond, its steps are finer than its pixels


@dataclass(frozen=True)
class Candidate:
    """One engine, with its settings, on one instance type."""

    instance: str
    engine: str
    throughput_per_s: float
    latency_s: float
    usd_per_hour: float


@dataclass(frozen=True)
class Plan:
    candidate: Candidate
    count: int

    @property
    def usd_per_hour(self) -> float:
        return self.count * self.candidate.usd_per_hour

    @property
    def capacity_per_s(self) -> float:
        return self.count * self.candidate.throughput_per_s

    @property
    def order(self) -> tuple:
        """The cheapest first; of equal prices fewer machines, then the quicker one."""
        c = self.candidate
        return (round(self.usd_per_hour, 9), self.count, c.latency_s, c.instance, c.engine)


def machines_for(load_per_s: float, throughput_per_s: float) -> int:
    """The least count that carries the load; 3 machines of 1.825/s carry 5.475/s, in floats too."""
    return max(1, math.ceil(load_per_s / throughput_per_s * (1 - 1e-12)))


def plans(candidates: Iterable[Candidate], load_per_s: float) -> list[Plan]:
    found = [Plan(c, machines_for(load_per_s, c.throughput_per_s)) for c in candidates]
    return sorted(found, key=lambda plan: plan.order)


@dataclass(frozen=True)
class Step:
    """The cheapest plan for loads above `above_per_s` and up to `plan.capacity_per_s`."""

    above_per_s: float
    plan: Plan


def steps(candidates: list[Candidate], up_to_per_s: float) -> Iterator[Step]:
    """The cheapest plan for every load: what is cheapest now stays so until it is full, for
    whatever carries more carries this load too and would have been chosen if it cost less."""
    above = 0.0
    for _ in range(MOST_STEPS):
        plan = min((Plan(c, machines_above(above, c)) for c in candidates), key=lambda p: p.order)
        yield Step(above, plan)
        above = plan.capacity_per_s
        if above >= up_to_per_s:
            return


def machines_above(load_per_s: float, candidate: Candidate) -> int:
    """The least count that carries more than the load."""
    return math.floor(load_per_s / candidate.throughput_per_s * (1 + 1e-12)) + 1
