"""Draws how long single inferences took: their distribution, and how it drifted meanwhile."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from dataclasses import dataclass

import altair as alt

from comparisons import Comparison, Row, marked, short_time
from read_results import Result, percentiles
from themes import Theme, axis, finished, titled

MIN_EXPERIMENTS = 20  # fewer have no shape to show
BINS = 40
BLOCKS = 50
GAP = 10  # times the usual time from one measurement to the next: something else came between
LABEL_SHARE = 0.09  # of the axis: what a name like p99 needs
WIDE = 4  # from this ratio of its ends on, a shared axis is logarithmic
WIDTH = 360  # pixels, as all sizes here
HEIGHT = 96
IN_ORDER = "Measurement, in the order taken"
OVER_TIME = "Seconds since the run began"
NOTES = [
    "Left: how many measurements took how long; the last bar holds the slowest 1 %. Lines: "
    "median (solid), and p90 and p99 if there are enough measurements (dashed).",
    "Right: how they drifted; line: median of a piece, band: its fastest and slowest. Gaps: restarts "
    "of the engine and the turns of others.",
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
    """Median, fastest and slowest of about BLOCKS pieces. `at` is the middle of a piece: seconds since
    the run began, or the measurement's number. No piece, and no line between pieces of one `part`,
    goes across a restart or the turns of other engines."""
    times, starts = result.times_s, result.starts_s or range(1, len(result.times_s) + 1)
    found = []
    for part, (first, last) in enumerate(parts(result)):
        pieces = max(1, min(last - first, round(BLOCKS * (last - first) / len(times))))
        edges = [first + i * (last - first) // pieces for i in range(pieces + 1)]
        for begin, end in zip(edges, edges[1:]):
            ordered = sorted(times[begin:end])
            found.append(
                {
                    "at": (starts[begin] + starts[end - 1]) / 2,
                    "median_s": statistics.median(ordered),
                    "low_s": ordered[0],
                    "high_s": ordered[-1],
                    "part": part,
                    "alone": pieces == 1,
                }
            )
    return found


def parts(result: Result) -> list[tuple[int, int]]:
    """Measurements without a restart or another engine's turn between them: the first, and one behind
    the last."""
    count = len(result.times_s)
    blocks = result.raw.get("block")
    if isinstance(blocks, list) and len(blocks) == count:
        edges = [i for i in range(1, count) if blocks[i] != blocks[i - 1]]
    elif result.starts_s:
        steps = [b - a for a, b in zip(result.starts_s, result.starts_s[1:])]
        usual = statistics.median(steps)
        edges = [i for i, step in enumerate(steps, 1) if step > GAP * usual]
    else:
        edges = []
    return list(zip([0, *edges], [*edges, count]))


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
        {"at": block["at"], "part": block["part"], "alone": block["alone"]}
        | {name: block[f"{name}_s"] / unit_s for name in ("median", "low", "high")}
        for block in blocks
    ]


def percentile_rows(
    percentiles: dict[str, float], unit_s: float, span_s: tuple[float, float]
) -> list[dict]:
    """p50, p90, ... to seconds, with the words over their lines. Those that would collide share one
    place: "p50, p90". `span_s`: the axis' ends."""
    rows: list[dict] = []
    named = None  # the row with the words
    for name, time_s in percentiles.items():
        row = {"at": time_s / unit_s, "name": name, "solid": name == "p50"}
        if named and share_between(named["at"] * unit_s, time_s, span_s) < LABEL_SHARE:
            named["name"] += f", {name}"
            row["name"] = ""
        else:
            named = row
        rows.append(row)
    return rows


def share_between(low_s: float, high_s: float, span_s: tuple[float, float]) -> float:
    """How much of the axis lies between two times."""
    if span_s[1] / span_s[0] > WIDE:
        return math.log(high_s / low_s) / math.log(span_s[1] / span_s[0])
    return (high_s - low_s) / (span_s[1] - span_s[0])


def time_scale(span: tuple[float, float] | None) -> alt.Scale:
    """Of times in the axis' unit, between these ends where it is shared."""
    if span is None:
        return alt.Scale(zero=False)
    kind = "log" if span[1] / span[0] > WIDE else "linear"
    return alt.Scale(type=kind, domain=list(span), nice=False, zero=False)


def distribution(
    time: str, theme: Theme, suffix: str = "", span: tuple[float, float] | None = None
) -> alt.LayerChart:
    """How many measurements took how long, from the data `bins` and `lines` with this suffix. `time`
    is the axis' title with its unit."""
    scale = time_scale(span)
    x = alt.X("from:Q", scale=scale, axis=axis(time, theme, tickCount=5))
    y = alt.Y("count:Q", axis=axis("Measurements", theme, tickCount=3))
    at = alt.X("at:Q", scale=scale)
    dash = alt.condition("datum.solid", alt.value([1, 0]), alt.value([4, 3]))
    lines = alt.Chart(alt.NamedData(name=f"lines{suffix}"))
    return alt.layer(
        alt.Chart(alt.NamedData(name=f"bins{suffix}"))
        .mark_rect(fill=theme.bar, stroke=theme.ink, strokeWidth=0.5)
        .encode(x=x, x2="to:Q", y=y, y2=alt.datum(0)),
        lines.mark_rule(color=theme.ink, strokeWidth=1.5).encode(x=at, strokeDash=dash),
        lines.mark_text(
            align="left", baseline="bottom", dx=-6, dy=-3, fontSize=11, color=theme.muted
        ).encode(x=at, y=alt.value(0), text="name:N"),
    ).properties(width=WIDTH, height=HEIGHT)


def course(
    when: str,
    time: str,
    theme: Theme,
    suffix: str = "",
    span: tuple[float, float] | None = None,
    until: float | None = None,
) -> alt.LayerChart:
    """How the times drifted: the median of each piece, between its extremes. `until`: where the axis
    of the run ends, if it is shared."""
    length = {} if until is None else {"domain": [0, until]}
    x = alt.X(
        "at:Q",
        scale=alt.Scale(nice=False, zero=False, **length),
        axis=axis(when, theme, tickCount=5, grid=False),
    )
    scale = time_scale(span)
    y = alt.Y("low:Q", scale=scale, axis=axis(time, theme, tickCount=4))
    middle = {"x": x, "y": alt.Y("median:Q", scale=scale)}
    base = alt.Chart(alt.NamedData(name=f"blocks{suffix}"))
    return alt.layer(
        base.mark_area(color=theme.bar, opacity=0.45).encode(
            x=x, y=y, y2="high:Q", detail="part:N"
        ),
        # A part of one piece has no area and no line.
        base.mark_rule(color=theme.bar, strokeWidth=3).encode(
            x=x, y=y, y2="high:Q", opacity=alone(0.45)
        ),
        base.mark_line(color=theme.ink, strokeWidth=1.5).encode(**middle, detail="part:N"),
        base.mark_point(color=theme.ink, filled=True, size=12).encode(**middle, opacity=alone(1)),
    ).properties(width=WIDTH, height=HEIGHT)


def alone(opacity: float) -> dict:
    """Seen only where a part has one piece."""
    return alt.condition("datum.alone", alt.value(opacity), alt.value(0))


@dataclass
class Axes:
    """What the rows of one picture share. Times in seconds."""

    unit: str
    unit_s: float
    bins_s: tuple[float, float]  # ends of the distributions' axis
    drift_s: tuple[float, float]  # ends of the drift's axis of times
    until: float  # the drift's last second; or the number of measurements

    @staticmethod
    def of(rows: list[Row]) -> Axes:
        medians = sorted(statistics.median(row.result.times_s) for row in rows)
        unit, unit_s = unit_of(medians[0])
        bins = [histogram(row.result.ordered_s) for row in rows]
        ends = [b["low_s"] + BINS * b["width_s"] for b in bins]
        pieces = [piece for row in rows for piece in drift(row.result)]
        lasts = [(row.result.starts_s or [len(row.result.times_s)])[-1] for row in rows]
        drifts = min(p["low_s"] for p in pieces), max(p["high_s"] for p in pieces)
        starts = [b["low_s"] for b in bins]
        return Axes(unit, unit_s, (min(starts), max(ends)), widened(drifts), max(lasts))

    def in_unit(self, span_s: tuple[float, float]) -> tuple[float, float]:
        return span_s[0] / self.unit_s, span_s[1] / self.unit_s


def widened(span_s: tuple[float, float]) -> tuple[float, float]:
    """An axis needs ends that differ."""
    low, high = span_s
    return span_s if low < high else (0.99 * low, 1.01 * high)


def row_chart(row: Row, axes: Axes, theme: Theme, suffix: str) -> alt.HConcatChart:
    times = row.result.times_s
    title = f"Time ({axes.unit})"
    name = (
        f"{row.label}: {len(times):,} measurements, median {short_time(statistics.median(times))}"
    )
    when, until = course_axis(row.result), axes.until
    both = alt.hconcat(
        distribution(title, theme, suffix, axes.in_unit(axes.bins_s)),
        course(when, title, theme, suffix, axes.in_unit(axes.drift_s), until),
        spacing=40,
    )
    words = alt.TitleParams(
        text=marked(name, [row.result]), anchor="start", fontSize=13, color=theme.ink, offset=12
    )
    return both.properties(title=words)


def row_data(row: Row, axes: Axes, suffix: str) -> dict[str, list[dict]]:
    ordered = row.result.ordered_s
    return {
        f"bins{suffix}": bins_rows(histogram(ordered), axes.unit_s),
        f"lines{suffix}": percentile_rows(percentiles(ordered), axes.unit_s, axes.bins_s),
        f"blocks{suffix}": block_rows(drift(row.result), axes.unit_s),
    }


def rows_with_samples(comparison: Comparison) -> list[Row]:
    return [row for row in comparison.rows if row.result.measured and has_samples(row)]


def picture(comparison: Comparison, theme: Theme) -> dict:
    rows = {str(i): row for i, row in enumerate(rows_with_samples(comparison))}
    axes = Axes.of(list(rows.values()))
    drawing = alt.vconcat(*(row_chart(row, axes, theme, i) for i, row in rows.items()), spacing=24)
    title = titled([f"How long inferences took: {comparison.title}"], NOTES, 2 * WIDTH, theme)
    data = {
        name: values for i, row in rows.items() for name, values in row_data(row, axes, i).items()
    }
    return finished(drawing.properties(title=title), theme).to_dict() | {"datasets": data}
