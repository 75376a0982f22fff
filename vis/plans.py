"""Which machines, and how many, serve a request rate for the least money.

The rule of docs/advising.md for the pictures, which ask for no latency and no headroom.
web/plans.js is the whole rule for the page; page_plans_test.py compares the two.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_MACHINES = 1_000_000
MAX_STEPS = 2000  # of a picture's line; beyond, its steps are finer than its pixels


@dataclass(frozen=True)
class Candidate:
    """One engine with its settings on one instance type, as measured on one machine."""

    instance: str
    engine: str
    settings: str
    usd_per_hour: float | None  # None where the catalogue has no price; planned with otherwise
    mean_s: float  # one over the throughput
    mean_square_s2: float | None  # of the times of an inference; None without samples, as the next
    slowest_s: float | None  # their 99th percentile, of too few the largest
    measurements: int
    low_per_s: float  # the throughput's interval
    high_per_s: float | None  # None where it has no upper end
    single_only: bool  # "at least 10/s": says nothing of more machines
    verified: bool
    # Measured under traffic, by rising rate: the rate and the 99th percentile of latency at it, None
    # where the rate is more than the engine can do.
    measured_rates: tuple[tuple[float, float | None], ...] = ()
    servers: int = 1  # processes that serve requests side by side
    only_under_traffic: bool = False  # the throughput is only the highest rate that it sustained
    lacks_interval: bool = False  # too few windows of throughput mode for an interval
    cores: float | None = None  # that it was measured with, of the machine's
    machine_cores: float | None = None
    words: str = ""  # the settings as people read them (labels.py)

    @property
    def throughput_per_s(self) -> float:
        return 1 / self.mean_s

    @property
    def capacity_per_s(self) -> float:
        """The highest rate of one machine at any latency: its throughput; if a lower rate was more
        than it can do, what it sustained below that, or 0."""
        sustained = 0.0
        for rate_per_s, p99_s in self.measured_rates:
            if p99_s is None:
                overloaded = rate_per_s < self.throughput_per_s * (1 - 1e-9)
                return sustained if overloaded else self.throughput_per_s
            sustained = rate_per_s
        return self.throughput_per_s

    @property
    def inference_s(self) -> float | None:
        """The mean time of one, where that is known."""
        return None if self.only_under_traffic else self.servers * self.mean_s


@dataclass(frozen=True)
class Plan:
    candidate: Candidate
    count: int

    @property
    def usd_per_hour(self) -> float:
        return self.count * self.candidate.usd_per_hour

    @property
    def capacity_per_s(self) -> float:
        return self.count * self.candidate.capacity_per_s

    @property
    def order(self) -> tuple:
        """Cheapest first; at equal prices fewer machines, then the larger capacity."""
        c = self.candidate
        names = (c.instance.encode(), c.engine.encode(), c.settings.encode())
        return (round(self.usd_per_hour, 9), self.count, -self.capacity_per_s, *names)


def machines_for(rate_per_s: float, capacity_per_s: float) -> int:
    """The smallest count that serves the rate; 3 machines of 1.825/s serve 5.475/s, in floats too."""
    return max(1, math.ceil(rate_per_s / capacity_per_s * (1 - 1e-9)))


def plans(candidates: Iterable[Candidate], rate_per_s: float) -> list[Plan]:
    found = [Plan(c, machines_for(rate_per_s, c.capacity_per_s)) for c in able(candidates)]
    return sorted((p for p in found if possible(p)), key=lambda plan: plan.order)


def able(candidates: Iterable[Candidate]) -> list[Candidate]:
    return [c for c in candidates if c.capacity_per_s > 0]


def possible(plan: Plan) -> bool:
    return plan.count <= (1 if plan.candidate.single_only else MAX_MACHINES)


@dataclass(frozen=True)
class Step:
    """The cheapest plan for rates above `above_per_s` and up to `plan.capacity_per_s`."""

    above_per_s: float
    plan: Plan


def steps(candidates: list[Candidate], up_to_per_s: float) -> Iterator[Step]:
    """The cheapest plan for every rate. It stays the cheapest until it is full, because whatever
    serves more serves this rate, too, and would have been chosen if it cost less."""
    above, candidates = 0.0, able(candidates)
    for _ in range(MAX_STEPS):
        found = [Plan(c, machines_above(above, c)) for c in candidates]
        plan = min(filter(possible, found), key=lambda plan: plan.order, default=None)
        if plan is None:
            return
        yield Step(above, plan)
        above = plan.capacity_per_s
        if above >= up_to_per_s:
            return


def machines_above(rate_per_s: float, candidate: Candidate) -> int:
    """The smallest count that serves more than the rate."""
    return math.floor(rate_per_s / candidate.capacity_per_s * (1 + 1e-9)) + 1
