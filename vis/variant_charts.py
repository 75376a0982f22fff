"""Draws what the variants of a model (bf16, int8, ...) cost: speed against error, with the region that
is accepted."""

from __future__ import annotations

import altair as alt

from charts import title_lines
from comparisons import Comparison, Row, short, short_time
from json_values import is_positive
from read_results import Result
from themes import Theme, axis, finished, titled

WIDTH = 560  # pixels, as all sizes here
HEIGHT = 320
NAMES = 260
NOTES = [
    "Point: a variant on an engine; filled where it is accepted and its outputs are verified. Left is nearer "
    "to the f32 model, up is faster.",
    "Error: the largest of the samples held out from calibration. Variants that could not be measured, or "
    "whose error on such samples is 0 or not known, are left out.",
]
SHADED = "Shaded: errors within --max-error."


def can_be_drawn(comparison: Comparison) -> bool:
    return bool(points(comparison))


def points(comparison: Comparison) -> list[dict]:
    return [point(row, comparison) for row in comparison.rows if is_variant(row.result)]


def is_variant(result: Result) -> bool:
    measured = result.measured and bool(result.times_s) and not result.suspect
    held_out = number(result, "accuracy", "inputs") == "samples"
    return measured and held_out and is_positive(number(result, "accuracy", "max_error"))


def number(result: Result, key: str, name: str) -> object:
    found = result.raw.get(key)
    return found.get(name) if isinstance(found, dict) else None


def point(row: Row, comparison: Comparison) -> dict:
    result = row.result
    speed = comparison.factor(row) * result.throughput
    unit = "items/s" if comparison.has_batches else "inferences/s"
    return {
        "name": row.label,
        "error": number(result, "accuracy", "max_error"),
        "speed": speed,
        "accepted": result.ranked and result.accepted is True,
        "words": f"{short(speed)} {unit}, {short_time(result.median_s)}",
    }


def bound_of(comparison: Comparison) -> float | None:
    bounds = [number(row.result, "acceptance", "max_error") for row in comparison.rows]
    found = set(filter(is_positive, bounds))
    return found.pop() if len(found) == 1 else None


def picture(comparison: Comparison, theme: Theme) -> dict:
    found = points(comparison)
    base = alt.Chart(alt.Data(values=found))
    bound = bound_of(comparison)
    errors = [one["error"] for one in found] + ([bound] if bound else [])
    domain = [min(errors) / 2, max(errors) * 2]
    x = alt.X(
        "error:Q",
        scale=alt.Scale(type="log", domain=domain),
        axis=axis("Largest error on held-out samples (relative L2)", theme, format="~g"),
    )
    title = "Items per second" if comparison.has_batches else "Inferences per second"
    y = alt.Y("speed:Q", axis=axis(title, theme))
    colour = alt.Color(
        "name:N",
        scale=alt.Scale(range=list(theme.series)),
        legend=alt.Legend(title=None, labelColor=theme.ink, labelLimit=NAMES),
    )
    tooltip = [alt.Tooltip("name:N", title="Variant"), alt.Tooltip("words:N", title="Does")]
    marks = base.mark_point(size=110, strokeWidth=2).encode(
        x=x,
        y=y,
        color=colour,
        shape=alt.Shape("name:N", legend=None),
        fillOpacity=alt.condition("datum.accepted", alt.value(1), alt.value(0)),
        fill=colour,
        tooltip=tooltip,
    )
    layers = [marks]
    if bound:
        region = alt.Chart(alt.Data(values=[{"low": domain[0], "high": bound}]))
        layers.insert(
            0, region.mark_rect(opacity=0.12, color=theme.ink).encode(x="low:Q", x2="high:Q")
        )
    notes = [comparison.conditions, *NOTES, *([SHADED] if bound else [])]
    drawing = alt.layer(*layers).properties(
        width=WIDTH, height=HEIGHT, title=titled(title_lines(comparison), notes, 860, theme)
    )
    return finished(drawing, theme).to_dict()
