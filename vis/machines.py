"""One model on all its machines: the fastest engine of each, with the price per hour."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from candidates import candidates, deployment, mean_of
from comparisons import Comparison, Row, file_name, model_name, unique
from json_values import text_or
from plans import Candidate


@dataclass
class Machine:
    instance: str
    usd_per_hour: float | None  # None where the catalogue does not know the instance
    fastest: Candidate | None  # a verified one where there is one
    row: Row | None  # the fastest's
    words: str  # where there is no fastest: why, or what its first result came to

    @property
    def stackable(self) -> bool:
        return self.fastest is not None and self.usd_per_hour is not None


@dataclass
class Fleet:
    model: str
    label: str  # the model's name, with what distinguishes it from another of that name
    mode: str
    file_stem: str
    comparisons: list[Comparison]
    machines: list[Machine]  # the cheapest first, those without a price last
    candidates: list[tuple[Row, Candidate]]
    out: list[tuple[Row, str]]  # rows that can't be planned with, and why
    per_s: dict[tuple, list[float]] = field(default_factory=dict)  # see throughputs()

    @property
    def priced(self) -> list[Candidate]:
        return [c for _, c in self.candidates if c.usd_per_hour is not None]

    @property
    def usual_rates(self) -> list[float]:
        """Two rates worth a line: what three of the slowest machine sustain, and one of the fastest,
        rounded down to a 1, 2 or 5. For the 2021 study's BERT these are its 2 and 50 per second."""
        speeds = [m.fastest.capacity_per_s for m in self.machines if m.fastest]
        if not speeds:
            return []
        return sorted({round_down(3 * min(speeds)), round_down(max(speeds))})


def fleets(comparisons: list[Comparison], usd_per_hour: dict[str, float]) -> list[Fleet]:
    """One of each model and mode. Plans are with that of latency mode, whichever mode they are
    from; it is there for them alone, too."""
    groups = defaultdict(list)
    for comparison in comparisons:
        groups[comparison.model, comparison.mode, sha256_of(comparison)].append(comparison)
    for model, _, sha256 in list(groups):
        if (model, "latency", sha256) not in groups:
            if candidates(of_all_modes(groups, model, sha256), usd_per_hour)[0]:
                groups[model, "latency", sha256] = []
    stems = unique([stem(model, mode) for model, mode, _ in groups])
    names = Counter((model, mode) for model, mode, _ in groups)
    found = []
    for ((model, mode, sha256), group), name in zip(list(groups.items()), stems):
        checksum = f"SHA-256 {sha256[:8]}" if sha256 else "no checksum"
        label = model if names[model, mode] == 1 else f"{model} ({checksum})"
        out = [(row, f"measured in {mode} mode") for c in group for row in c.rows]
        planned, per_s = ([], out), {}
        if mode == "latency":
            of_modes = of_all_modes(groups, model, sha256)
            planned, per_s = candidates(of_modes, usd_per_hour), throughputs(of_modes)
        machines = sorted(machines_of(group, planned[0], usd_per_hour), key=by_price)
        found.append(Fleet(model, label, mode, name, group, machines, *planned, per_s))
    return found


def throughputs(comparisons: list[Comparison]) -> dict[tuple, list[float]]:
    """By deployment, what each usable measurement says one machine does; of several alone."""
    groups = defaultdict(list)
    for result in (row.result for comparison in comparisons for row in comparison.rows):
        usable = result.outcome == "ok" and result.verdict != "wrong" and not result.suspect
        if usable and result.mode != "load":
            groups[deployment(result)].append(result)
    several = {what: group for what, group in groups.items() if len(group) > 1}
    return {what: [1 / mean_of(r, ()) for r in group] for what, group in several.items()}


def sha256_of(comparison: Comparison) -> str:
    return text_or(comparison.rows[0].result.raw.get("model_sha256"), "")


def of_all_modes(groups: dict, model: str, sha256: str) -> list[Comparison]:
    """Of the file, and what doesn't say of which file it is."""
    modes = ("latency", "throughput", "load")
    files = dict.fromkeys((sha256, ""))
    return [c for file in files for mode in modes for c in groups.get((model, mode, file), [])]


def stem(model: str, mode: str) -> str:
    name = model_name(model)
    return file_name(name if mode == "latency" else f"{name}-{mode}")


def machines_of(
    group: list[Comparison], found: list, usd_per_hour: dict[str, float]
) -> list[Machine]:
    rows = {comparison.instance: comparison.rows for comparison in group}
    for row, candidate in found:
        rows.setdefault(candidate.instance, [row])
    return [machine(name, own, found, usd_per_hour.get(name)) for name, own in rows.items()]


def machine(instance: str, rows: list[Row], found: list, usd_per_hour: float | None) -> Machine:
    own = [pair for pair in found if pair[1].instance == instance]
    figures = [pair for pair in own if not pair[1].single_only and pair[1].capacity_per_s > 0]
    row, fastest = max(
        figures, key=lambda pair: (pair[1].verified, pair[1].capacity_per_s), default=(None, None)
    )
    statements = [row.status for row in rows if row.result.statement]
    overloaded = ["Overloaded"] if any(not c.single_only for _, c in own) else []
    words = (statements or overloaded or [row.status for row in rows])[0]
    return Machine(instance, usd_per_hour, fastest, row, words)


def by_price(machine: Machine) -> tuple:
    price = math.inf if machine.usd_per_hour is None else machine.usd_per_hour
    return (price, machine.instance)


def round_down(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return float(f"{max(d for d in (1, 2, 5) if d * power <= value * (1 + 1e-9)) * power:.1g}")
