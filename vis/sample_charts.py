"""Draws how long single inferences took: their distribution, and how it drifted meanwhile."""

from __future__ import annotations

import math
import statistics
from collections import Counter

import altair as alt

from comparisons import Comparison, Row, short_time
from read_results import Result, percentiles
from themes import Theme, axis, finished, titled

MIN_EXPERIMENTS = 20  # fewer have no shape to show
BINS = 40
BLOCKS = 50
WIDTH = 360  # pixels, as all sizes here
HEIGHT = 96
IN_ORDER = "Measurement, in the order taken"
OVER_TIME = "Seconds since the run began"
NOTES = [
    "Left: how many measurements took how long; the last bar holds the slowest 1 %. Lines: "
    "median (solid), and p90 and p99 if there are enough measurements (dashed).",
    "Right: how they drifted, in blocks of equally many measurements; line: median of the block, "
    "band: its fastest and slowest.",
]


def has_samples(row: Row) -> bool:
    return len(row.result.times_s) >= MIN_EXPERIMENTS


def histogram(ordered: list[float]) -> dict:
    """Of sorted times: counts of equally wide bins from the least to the 99th percentile; the last
    one holds all that is slower."""
    low, high = ordered[0], ordered[math.ceil(0.99 * len(ordered)) - 1]
    width = (high - low) / BINS or low / 1000
    counts = [0] * BINS
    fits = [int((time_s - low) / width) for time_s in ordered]
    for bin_, count in Counter(fits).items():
        counts[min(bin_, BINS - 1)] += count
    return {"low_s": low, "width_s": width, "counts": counts}


def drift(result: Result) -> list[dict]:
    """Median, fastest and slowest of at most BLOCKS blocks, as equal as whole numbers allow. `at` is
    the middle of a block: seconds since the run began, or the measurement's number."""
    times, starts = result.times_s, result.starts_s or range(1, len(result.times_s) + 1)
    blocks = min(BLOCKS, len(times))
    edges = [i * len(times) // blocks for i in range(blocks + 1)]
    found = []
    for begin, end in zip(edges, edges[1:]):
        ordered = sorted(times[begin:end])
        middle = (ordered[(end - begin) // 2] + ordered[(end - begin - 1) // 2]) / 2
        at = (starts[begin] + starts[end - 1]) / 2
        found.append({"at": at, "median_s": middle, "low_s": ordered[0], "high_s": ordered[-1]})
    return found


def course_axis(result: Result) -> str:
    return OVER_TIME if result.starts_s else IN_ORDER


def unit_of(time_s: float) -> tuple[str, float]:
    """The unit that short_time says it in, and its length in seconds."""
    name = short_time(time_s).split()[1]
    return name, {"s": 1, "ms": 1e-3, "\u00b5s": 1e-6, "ns": 1e-9}[name]


def bins_rows(samples: dict, unit_s: float) -> list[dict]:
    low, width = samples["low_s"], samples["width_s"]
    return [
        {
            "from": (low + i * width) / unit_s,
            "to": (low + (i + 1) * width) / unit_s,
            "count": count,
        }
        for i, count in enumerate(samples["counts"])
    ]


def block_rows(blocks: list[dict], unit_s: float) -> list[dict]:
    return [
        {"at": block["at"]}
        | {name: block[f"{name}_s"] / unit_s for name in ("median", "low", "high")}
        for block in blocks
    ]


def percentile_rows(percentiles: dict[str, float], unit_s: float) -> list[dict]:
    """p50, p90, ... to seconds, with the words beside their lines."""
    return [
        {"at": time_s / unit_s, "name": name, "solid": name == "p50"}
        for name, time_s in percentiles.items()
    ]


def distribution(time: str, theme: Theme, suffix: str = "") -> alt.LayerChart:
    """How many measurements took how long, from the data `bins` and `lines` with this suffix. `time`
    is the axis' title with its unit."""
    x = alt.X("from:Q", scale=alt.Scale(zero=False), axis=axis(time, theme, tickCount=5))
    y = alt.Y("count:Q", axis=axis("Measurements", theme, tickCount=3))
    at = alt.X("at:Q", scale=alt.Scale(zero=False))
    dash = alt.condition("datum.solid", alt.value([1, 0]), alt.value([4, 3]))
    lines = alt.Chart(alt.NamedData(name=f"lines{suffix}"))
    return alt.layer(
        alt.Chart(alt.NamedData(name=f"bins{suffix}"))
        .mark_rect(fill=theme.bar, stroke=theme.ink, strokeWidth=0.5)
        .encode(x=x, x2="to:Q", y=y, y2=alt.datum(0)),
        lines.mark_rule(color=theme.ink, strokeWidth=1.5).encode(x=at, strokeDash=dash),
        lines.mark_text(baseline="bottom", dy=-3, fontSize=11, color=theme.muted).encode(
            x=at, y=alt.value(0), text="name:N"
        ),
    ).properties(width=WIDTH, height=HEIGHT)


def course(when: str, time: str, theme: Theme, suffix: str = "") -> alt.LayerChart:
    """How the times drifted: the median of each block of measurements, between its extremes."""
    x = alt.X(
        "at:Q",
        scale=alt.Scale(nice=False),
        axis=axis(when, theme, tickCount=5, grid=False),
    )
    scale = alt.Scale(zero=False)
    y = alt.Y("low:Q", scale=scale, axis=axis(time, theme, tickCount=4))
    base = alt.Chart(alt.NamedData(name=f"blocks{suffix}"))
    return alt.layer(
        base.mark_area(color=theme.bar, opacity=0.45).encode(x=x, y=y, y2="high:Q"),
        base.mark_line(color=theme.ink, strokeWidth=1.5).encode(
            x=x, y=alt.Y("median:Q", scale=scale)
        ),
    ).properties(width=WIDTH, height=HEIGHT)


def row_chart(row: Row, theme: Theme, suffix: str) -> alt.HConcatChart:
    times = row.result.times_s
    title = f"Time ({unit_of(statistics.median(times))[0]})"
    name = (
        f"{row.label}: {len(times):,} measurements, median {short_time(statistics.median(times))}"
    )
    status = "" if row.result.ranked else f" ({row.result.why_unranked})"
    both = alt.hconcat(
        distribution(title, theme, suffix),
        course(course_axis(row.result), title, theme, suffix),
        spacing=40,
    )
    words = alt.TitleParams(
        text=name + status, anchor="start", fontSize=13, color=theme.ink, offset=12
    )
    return both.properties(title=words)


def row_data(row: Row, suffix: str) -> dict[str, list[dict]]:
    times = row.result.times_s
    _, unit_s = unit_of(statistics.median(times))
    return {
        f"bins{suffix}": bins_rows(histogram(row.result.ordered_s), unit_s),
        f"lines{suffix}": percentile_rows(percentiles(row.result.ordered_s), unit_s),
        f"blocks{suffix}": block_rows(drift(row.result), unit_s),
    }


def rows_with_samples(comparison: Comparison) -> list[Row]:
    return [row for row in comparison.rows if row.result.measured and has_samples(row)]


def picture(comparison: Comparison, theme: Theme) -> dict:
    rows = {str(i): row for i, row in enumerate(rows_with_samples(comparison))}
    drawing = alt.vconcat(*(row_chart(row, theme, i) for i, row in rows.items()), spacing=24)
    title = titled([f"How long inferences took: {comparison.title}"], NOTES, 2 * WIDTH, theme)
    data = {name: values for i, row in rows.items() for name, values in row_data(row, i).items()}
    return finished(drawing.properties(title=title), theme).to_dict() | {"datasets": data}
