"""One model on all its machines: the fastest engine of each, with the price of an hour."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

from comparisons import Comparison, Row, file_name
from plans import Candidate
from read_results import text_or


@dataclass
class Machine:
    instance: str
    usd_per_hour: float | None  # None where the catalogue does not know the instance
    fastest: Row | None  # a verified one where there is one; None where no engine has a number

    @property
    def candidate(self) -> Candidate | None:
        if self.usd_per_hour is None or self.fastest is None:
            return None
        result = self.fastest.result
        return Candidate(
            self.instance,
            self.fastest.label,
            result.throughput,
            1 / result.throughput,
            self.usd_per_hour,
        )


@dataclass
class Fleet:
    model: str
    mode: str
    file_stem: str
    machines: list[Machine]  # the cheapest first, those without a price last

    @property
    def candidates(self) -> list[Candidate]:
        return [m.candidate for m in self.machines if m.candidate]

    def of(self, candidate: Candidate) -> Machine:
        return next(m for m in self.machines if m.instance == candidate.instance)


def fleets(comparisons: list[Comparison], usd_per_hour: dict[str, float]) -> list[Fleet]:
    groups = defaultdict(list)
    for comparison in comparisons:
        sha256 = text_or(comparison.rows[0].result.raw.get("model_sha256"), "")
        groups[comparison.model, comparison.mode, sha256].append(comparison)
    return [
        Fleet(
            model,
            mode,
            file_name(model if mode == "latency" else f"{model}-{mode}"),
            sorted((machine(c, usd_per_hour) for c in group), key=by_price),
        )
        for (model, mode, _), group in groups.items()
    ]


def machine(comparison: Comparison, usd_per_hour: dict[str, float]) -> Machine:
    first = comparison.rows[0]
    return Machine(
        comparison.instance,
        usd_per_hour.get(comparison.instance),
        first if first.result.measured else None,
    )


def by_price(machine: Machine) -> tuple:
    price = math.inf if machine.usd_per_hour is None else machine.usd_per_hour
    return (price, machine.instance)


def usual_loads(candidates: list[Candidate]) -> list[float]:
    """Two loads worth a line: what three of the slowest machine carry, and one of the fastest,
    rounded down to a 1, 2 or 5. For the 2021 study's BERT these are its 2 and 50 a second."""
    speeds = [c.throughput_per_s for c in candidates]
    return sorted({round_down(3 * min(speeds)), round_down(max(speeds))}) if speeds else []


def round_down(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return float(f"{max(d for d in (1, 2, 5) if d * power <= value * (1 + 1e-9)) * power:.1g}")
