"""Draws latency by request rate: the 99th percentile of each engine at every measured rate."""

from __future__ import annotations

import altair as alt

from charts import title_lines
from comparisons import Comparison, Row, marked, short_time
from json_values import is_positive
from labels import OF_THE_MODE, settings_in_words
from sample_charts import unit_of
from themes import Theme, axis, finished, titled

WIDTH = 560  # pixels, as all sizes here
HEIGHT = 320
NAMES = 200  # to the right of the plot
NOTES = [
    "Requests arrive at random (a Poisson process). A latency counts from the intended start of the "
    "request, so it includes waiting. Bar: 95 % confidence interval; an arrow: no upper end is known.",
    "Cross: above the engine's capacity.",
]


def can_be_drawn(comparison: Comparison) -> bool:
    return comparison.mode == "load" and bool(points(comparison))


def points(comparison: Comparison) -> list[dict]:
    """A point for each engine, setting and rate whose 99th percentile is known, in seconds."""
    found = []
    for name, row in named(comparison):
        for rate in row.result.traffic_rates:
            if rate.get("verdict") != "carried" or not is_positive(rate.get("p99_s")):
                continue
            low, high = rate.get("p99_at_least_s"), rate.get("p99_at_most_s")
            found.append(
                {
                    "name": name,
                    "rate": rate["rate_per_s"],
                    "p99": rate["p99_s"],
                    "low": low if is_positive(low) else rate["p99_s"],
                    "high": high if is_positive(high) else None,
                }
            )
    return sorted(found, key=lambda point: (point["name"], point["rate"]))


def overloaded(comparison: Comparison) -> list[dict]:
    return [
        {"name": name, "rate": rate["rate_per_s"]}
        for name, row in named(comparison)
        for rate in row.result.traffic_rates
        if rate.get("verdict") == "overloaded"
    ]


def named(comparison: Comparison) -> list[tuple[str, Row]]:
    """Usable rows, each with the engine, what distinguishes it from the others, and why it has no rank."""
    rows = [
        row
        for row in comparison.rows
        if row.result.outcome == "ok" and row.result.verdict != "wrong" and row.result.traffic
    ]
    words = settings_in_words([row.result.raw for row in rows], OF_THE_MODE)
    return [
        (marked(f"{row.name} {own}".strip(), [row.result]), row) for row, own in zip(rows, words)
    ]


def bounds(comparison: Comparison) -> list[float]:
    asked = [row.result.traffic.get("slo_p99_s") for row in comparison.rows]
    return sorted(set(filter(is_positive, asked)))


def picture(comparison: Comparison, theme: Theme) -> dict:
    found = points(comparison)
    unit, size = unit_of(sorted(point["p99"] for point in found)[len(found) // 2])
    top = max(point["high"] or point["p99"] for point in found) / size
    rows = [
        point
        | {key: point[key] / size for key in ("p99", "low")}
        | {"high": point["high"] / size if point["high"] else top * 1.05}
        | {"end": "known" if point["high"] else "open", "words": short_time(point["p99"])}
        for point in found
    ]
    crosses = [cross | {"p99": top * 1.05} for cross in overloaded(comparison)]
    colour = alt.Color(
        "name:N",
        scale=alt.Scale(range=list(theme.series)),
        legend=alt.Legend(title=None, labelColor=theme.ink, labelLimit=NAMES, symbolStrokeWidth=2),
    )
    shape = alt.Shape("name:N", legend=None)
    x = alt.X(
        "rate:Q", scale=alt.Scale(zero=True), axis=axis("Requests per second", theme, tickCount=6)
    )
    y = alt.Y("p99:Q", axis=axis(f"99th percentile of latency ({unit})", theme, tickCount=6))
    base = alt.Chart(alt.Data(values=rows))
    tooltip = [
        alt.Tooltip("name:N", title="Engine"),
        alt.Tooltip("rate:Q", title="Requests per second", format=",.4~g"),
        alt.Tooltip("words:N", title="99th percentile"),
    ]
    layers = [
        base.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour),
        base.mark_rule(strokeWidth=1.5).encode(x=x, y="low:Q", y2="high:Q", color=colour),
        base.transform_filter("datum.end === 'open'")
        .mark_point(shape="triangle-up", size=50, filled=True)
        .encode(x=x, y="high:Q", color=colour),
        base.mark_point(size=70, filled=True, opacity=1).encode(
            x=x, y=y, color=colour, shape=shape, tooltip=tooltip
        ),
        alt.Chart(alt.Data(values=crosses))
        .mark_point(shape="cross", angle=45, size=110, filled=True)
        .encode(x=x, y=y, color=colour),
    ]
    for bound in bounds(comparison):
        line = alt.Chart(alt.Data(values=[{"bound": bound / size}]))
        layers.append(
            line.mark_rule(color=theme.line, strokeDash=[6, 4], strokeWidth=1.5).encode(y="bound:Q")
        )
    notes = [comparison.conditions, *NOTES]
    if bounds(comparison):
        notes.append("Dashed line: the bound on p99 for which the highest rate was searched.")
    drawing = alt.layer(*layers).properties(
        width=WIDTH, height=HEIGHT, title=titled(title_lines(comparison), notes, 720, theme)
    )
    return finished(drawing, theme).to_dict()
