"""Draws what batches do: items per second and the time of an inference by batch size, of
each engine that was measured at several."""

from __future__ import annotations

from collections import defaultdict

import altair as alt

from charts import title_lines
from comparisons import Comparison, marked, short, short_time
from labels import settings_in_words
from read_results import Result, percentiles
from sample_charts import unit_of
from themes import Theme, axis, finished, titled

WIDTH = 340  # pixels, as all sizes here
HEIGHT = 280
NAMES = 200
NOTES = [
    "Left: inferences per second times the batch. Right: how long all items of a batch wait for their "
    "inference, one at a time; line: median, bar above it: up to the 99th percentile where enough "
    "were measured.",
    "Batches were measured one after the other, so their differences include drift of the machine.",
]


def can_be_drawn(comparison: Comparison) -> bool:
    return comparison.mode == "latency" and bool(points(comparison))


def points(comparison: Comparison) -> list[dict]:
    """A point per batch for each engine and setting with several batches; times in seconds."""
    series: dict[str, list[Result]] = defaultdict(list)
    rows = [r for r in comparison.rows if usable(r.result)]
    words = settings_in_words([row.result.raw for row in rows], {"batch"})
    for row, own in zip(rows, words):
        series[f"{row.name} {own}".strip()].append(row.result)
    return [
        point(marked(name, results), result)
        for name, results in sorted(series.items())
        if len({r.batch or 1 for r in results}) > 1
        for result in sorted(results, key=lambda r: r.batch or 1)
    ]


def usable(result: Result) -> bool:
    return result.measured and bool(result.times_s) and not result.suspect


def point(name: str, result: Result) -> dict:
    batch = result.batch or 1
    found = percentiles(result.ordered_s)
    return {
        "name": name,
        "batch": batch,
        "items": batch * result.throughput,
        "median": found["p50"],
        "p99": found.get("p99", found["p50"]),
        "words": f"{short(batch * result.throughput)} items/s, {short_time(found['p50'])}",
    }


def picture(comparison: Comparison, theme: Theme) -> dict:
    found = points(comparison)
    unit, size = unit_of(sorted(point["median"] for point in found)[len(found) // 2])
    rows = [one | {"median": one["median"] / size, "p99": one["p99"] / size} for one in found]
    base = alt.Chart(alt.Data(values=rows))
    colour = alt.Color(
        "name:N",
        scale=alt.Scale(range=list(theme.series)),
        legend=alt.Legend(title=None, labelColor=theme.ink, labelLimit=NAMES, symbolStrokeWidth=2),
    )
    sizes = sorted({one["batch"] for one in rows})
    x = alt.X(
        "batch:Q",
        scale=alt.Scale(type="log", base=2, domain=[sizes[0], sizes[-1]], padding=16),
        axis=axis("Batch", theme, values=sizes, format="d"),
    )
    panels = alt.hconcat(
        panel(base, x, alt.Y("items:Q", axis=axis("Items per second", theme)), colour),
        panel(
            base,
            x,
            alt.Y("median:Q", axis=axis(f"Time of an inference ({unit})", theme)),
            colour,
            whisker=True,
        ),
        spacing=40,
    )
    notes = [comparison.conditions, *NOTES]
    drawing = panels.properties(title=titled(title_lines(comparison), notes, 860, theme))
    return finished(drawing, theme).to_dict()


def panel(
    base: alt.Chart, x: alt.X, y: alt.Y, colour: alt.Color, whisker: bool = False
) -> alt.LayerChart:
    tooltip = [
        alt.Tooltip("name:N", title="Engine"),
        alt.Tooltip("batch:Q", title="Batch"),
        alt.Tooltip("words:N", title="Does"),
    ]
    layers = [
        base.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour),
        base.mark_point(size=70, filled=True, opacity=1).encode(
            x=x, y=y, color=colour, shape=alt.Shape("name:N", legend=None), tooltip=tooltip
        ),
    ]
    if whisker:
        bar = base.mark_rule(strokeWidth=1.5).encode(x=x, y=y, y2="p99:Q", color=colour)
        layers.insert(1, bar)
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
