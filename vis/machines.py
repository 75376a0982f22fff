"""One model on all its machines: the fastest engine of each, with the price of an hour."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass

from candidates import candidates
from comparisons import Comparison, Row, file_name, unique
from plans import Candidate
from read_results import text_or


@dataclass
class Machine:
    instance: str
    usd_per_hour: float | None  # None where the catalogue does not know the instance
    fastest: Candidate | None  # a verified one where there is one
    row: Row | None  # the fastest's
    words: str  # where there is no fastest: what its first result came to

    @property
    def stackable(self) -> bool:
        return self.fastest is not None and self.usd_per_hour is not None


@dataclass
class Fleet:
    model: str
    label: str  # the model's name, with what tells it from another of that name
    mode: str
    file_stem: str
    comparisons: list[Comparison]
    machines: list[Machine]  # the cheapest first, those without a price last
    candidates: list[tuple[Row, Candidate]]
    out: list[tuple[Row, str]]  # rows that can't be planned with, and why

    @property
    def priced(self) -> list[Candidate]:
        return [c for _, c in self.candidates if c.usd_per_hour is not None]

    @property
    def usual_loads(self) -> list[float]:
        """Two loads worth a line: what three of the slowest machine carry, and one of the fastest,
        rounded down to a 1, 2 or 5. For the 2021 study's BERT these are its 2 and 50 a second."""
        speeds = [m.fastest.throughput_per_s for m in self.machines if m.fastest]
        if not speeds:
            return []
        return sorted({round_down(3 * min(speeds)), round_down(max(speeds))})


def fleets(comparisons: list[Comparison], usd_per_hour: dict[str, float]) -> list[Fleet]:
    groups = defaultdict(list)
    for comparison in comparisons:
        sha256 = text_or(comparison.rows[0].result.raw.get("model_sha256"), "")
        groups[comparison.model, comparison.mode, sha256].append(comparison)
    stems = unique([stem(model, mode) for model, mode, _ in groups])
    names = Counter((model, mode) for model, mode, _ in groups)
    found = []
    for ((model, mode, sha256), group), name in zip(groups.items(), stems):
        under_load = groups.get((model, "load", sha256), []) if mode == "latency" else []
        checksum = f"SHA-256 {sha256[:8]}" if sha256 else "no checksum"
        label = model if names[model, mode] == 1 else f"{model} ({checksum})"
        found.append(fleet(model, label, mode, name, group, usd_per_hour, under_load))
    return found


def stem(model: str, mode: str) -> str:
    return file_name(model if mode == "latency" else f"{model}-{mode}")


def fleet(
    model: str,
    label: str,
    mode: str,
    name: str,
    group: list[Comparison],
    usd_per_hour: dict[str, float],
    under_load: list[Comparison],
) -> Fleet:
    loads = [row.result for comparison in under_load for row in comparison.rows]
    found, out = candidates(group, usd_per_hour, loads)
    machines = [machine(c, found, usd_per_hour.get(c.instance)) for c in group]
    return Fleet(model, label, mode, name, group, sorted(machines, key=by_price), found, out)


def machine(comparison: Comparison, found: list, usd_per_hour: float | None) -> Machine:
    own = [pair for pair in found if pair[1].instance == comparison.instance]
    figures = [pair for pair in own if not pair[1].single_only]
    row, fastest = max(
        figures, key=lambda pair: (pair[1].verified, pair[1].throughput_per_s), default=(None, None)
    )
    statements = [row.status for row in comparison.rows if row.result.statement]
    words = (statements or [row.status for row in comparison.rows])[0]
    return Machine(comparison.instance, usd_per_hour, fastest, row, words)


def by_price(machine: Machine) -> tuple:
    price = math.inf if machine.usd_per_hour is None else machine.usd_per_hour
    return (price, machine.instance)


def round_down(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return float(f"{max(d for d in (1, 2, 5) if d * power <= value * (1 + 1e-9)) * power:.1g}")
