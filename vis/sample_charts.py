"""Draws how long single inferences took: their distribution, and how it drifted meanwhile."""

from __future__ import annotations

import math
import statistics

import altair as alt

from comparisons import Comparison, Row, short_time
from themes import Theme, axis

LEAST_EXPERIMENTS = 20  # fewer have no shape to show
BINS = 40
BLOCKS = 50
WIDTH = 360  # pixels, as all sizes here
HEIGHT = 96
NOTES = [
    "Left: how many experiments took how long; the slowest 1 % are counted in the last bar. Lines: "
    "median (solid), and p90 and p99 where there are enough experiments (dashed).",
    "Right: in the order measured, in blocks of equally many experiments; line: median of the "
    "block, band: its fastest and slowest.",
]


def has_samples(row: Row) -> bool:
    return len(row.result.times_s) >= LEAST_EXPERIMENTS


def histogram(times_s: list[float]) -> dict:
    """Counts of equally wide bins from the least time to the 99th percentile; the last one holds
    all that is slower."""
    ordered = sorted(times_s)
    low, high = ordered[0], ordered[math.ceil(0.99 * len(ordered)) - 1]
    width = (high - low) / BINS or low / 1000
    counts = [0] * BINS
    for time_s in times_s:
        counts[min(int((time_s - low) / width), BINS - 1)] += 1
    return {"low_s": low, "width_s": width, "counts": counts}


def drift(times_s: list[float]) -> list[dict]:
    """Median, fastest and slowest of at most BLOCKS blocks, as equal as whole numbers allow."""
    blocks = min(BLOCKS, len(times_s))
    edges = [i * len(times_s) // blocks for i in range(blocks + 1)]
    return [
        {
            "first": begin + 1,
            "last": end,
            "median_s": statistics.median(times_s[begin:end]),
            "low_s": min(times_s[begin:end]),
            "high_s": max(times_s[begin:end]),
        }
        for begin, end in zip(edges, edges[1:])
    ]


def unit_of(time_s: float) -> tuple[str, float]:
    """The unit that short_time says it in, and its length in seconds."""
    name = short_time(time_s).split()[1]
    return name, {"s": 1, "ms": 1e-3, "\u00b5s": 1e-6, "ns": 1e-9}[name]
