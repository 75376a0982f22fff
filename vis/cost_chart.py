"""Draws the cost of the cheapest plan for every request rate. See price_charts.py for where rows come from."""

from __future__ import annotations

import math
from itertools import groupby

import altair as alt

from machines import Fleet
from plans import Candidate, Step, able, steps
from themes import Theme, logarithmic

WIDTH = 700  # pixels, as all sizes here
HEIGHT = 380
LEGEND_COLUMNS = 2
SHAPES = ["circle", "square", "triangle-up", "triangle-down", "triangle-right", "triangle-left"]
SYMBOLS = "\u25cf\u25a0\u25b2\u25bc\u25ba\u25c4"
DASHES = [[8, 3], [2, 3], [8, 3, 2, 3], [14, 4], [4, 4], [1, 0]]


def cost_rows(fleet: Fleet) -> dict[str, list[dict]]:
    """Points of the cheapest plan's line, of the lines of the machines in it, and their names."""
    candidates = on_the_scale(fleet)
    speeds = [c.capacity_per_s for c in candidates]
    low, high = min(speeds) / 2, 3 * max(speeds)
    best = list(steps(candidates, high))
    kinds = list(dict.fromkeys(step.plan.candidate for step in best))
    thin = [
        point | {"kind": kind}
        for kind, candidate in enumerate(kinds)
        for point in staircase(list(steps([candidate], high)), low, high)
    ]
    runs = [list(run) for _, run in groupby(best, key=lambda step: step.plan.candidate)]
    thick, starts, before = [], [], None
    for number, run in enumerate(runs):
        kind = kinds.index(run[0].plan.candidate)
        points = staircase(run, low, high, before)
        thick += [point | {"kind": kind, "run": number} for point in points]
        starts.append({"rate": points[0]["rate"], "usd": run[0].plan.usd_per_hour, "kind": kind})
        before = run[-1].plan.usd_per_hour
    names = [
        name_row(max(own, key=lambda run: log_length(run, low, high)), kind, low, high)
        for kind, candidate in enumerate(kinds)
        if (own := [run for run in runs if run[0].plan.candidate == candidate])
    ]
    return {"thin": thin, "thick": thick, "starts": starts, "names": names}


def on_the_scale(fleet: Fleet) -> list[Candidate]:
    """What a logarithmic scale of prices can show."""
    priced = [c for c in able(fleet.priced) if c.usd_per_hour > 0]
    return [c for c in priced if not c.single_only]


def staircase(run: list[Step], low: float, high: float, before: float | None = None) -> list[dict]:
    """Corners for a line that rises before it goes on; `before` is the price it rises from."""
    begin = max(run[0].above_per_s, low)
    first = run[0].plan.usd_per_hour if before is None else before
    points = [{"rate": begin, "usd": first}]
    for step in run:
        end = min(step.plan.capacity_per_s, high)
        if end > begin:
            points.append({"rate": end, "usd": step.plan.usd_per_hour})
    return points


def log_length(run: list[Step], low: float, high: float) -> float:
    begin, end = max(run[0].above_per_s, low), min(run[-1].plan.capacity_per_s, high)
    return math.log(end / begin) if end > begin else 0.0


def name_row(run: list[Step], kind: int, low: float, high: float) -> dict:
    """A machine in the legend, with the longest stretch of rates at which it is the cheapest."""
    begin, end = run[0].above_per_s, run[-1].plan.capacity_per_s
    if begin <= low and end >= high:
        stretch = "at every rate"
    elif begin <= low:
        stretch = f"up to {four(end)}/s"
    elif end >= high:
        stretch = f"above {four(begin)}/s"
    else:
        stretch = f"{four(begin)} to {four(end)}/s"
    symbol = SYMBOLS[kind % len(SYMBOLS)]
    return {"kind": kind, "name": f"{symbol} {run[0].plan.candidate.instance}, {stretch}"}


def four(value: float) -> str:
    """At most four digits, or all before the point, as a person would type them: 10.95  2  1,234"""
    decimals = max(0, 3 - math.floor(math.log10(value)))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def cost(theme: Theme) -> alt.LayerChart:
    x = alt.X(
        "rate:Q",
        scale=alt.Scale(type="log", nice=False),
        axis=logarithmic("Request rate (inferences per second)", theme),
    )
    y = alt.Y(
        "usd:Q",
        scale=alt.Scale(type="log", nice=False, padding=24),
        axis=logarithmic("Price of the plan ($ per hour)", theme, format="$~g"),
    )
    # The data `names` have a row for each kind, in their order.
    legend = alt.Legend(
        title=None,
        labelExpr="data('names')[datum.value] ? data('names')[datum.value].name : ''",
        labelColor=theme.ink,
        labelFontSize=13,
        labelLimit=320,
        symbolType="stroke",
        symbolStrokeWidth=4,
        symbolSize=300,
        orient="top",
        direction="vertical",
        columns=LEGEND_COLUMNS,
    )
    color = alt.Color("kind:N", scale=alt.Scale(range=theme.series), legend=legend)
    dash = alt.StrokeDash("kind:N", scale=alt.Scale(range=DASHES), legend=None)
    line = {"interpolate": "step-before", "strokeCap": "round"}
    shape = {"x": x, "y": y, "color": color}
    asked = {"color": theme.line, "strokeDash": [7, 4], "strokeWidth": 1.5}
    return alt.layer(
        named("thin").mark_line(**line, strokeWidth=1.2).encode(**shape, strokeDash=dash),
        named("rates").mark_rule(**asked).encode(x=x),
        named("thick").mark_line(**line, strokeWidth=4.5).encode(**shape, detail="run:N"),
        named("starts")
        .mark_point(size=110, opacity=1, filled=True, stroke=theme.background, strokeWidth=1)
        .encode(**shape, shape=alt.Shape("kind:N", scale=alt.Scale(range=SHAPES), legend=None)),
        *asked_words(named("rates"), x, theme),
        # Unseen; it keeps the data for the legend's words.
        named("names").mark_point(opacity=0, aria=False).encode(x=alt.value(0), y=alt.value(0)),
    ).properties(width=WIDTH, height=HEIGHT)


def asked_words(base: alt.Chart, x: alt.X, theme: Theme) -> list:
    """The rate beside its line, on a rim of background that keeps other lines out of it."""
    look = {"align": "left", "dx": 5, "baseline": "bottom", "fontSize": 13, "fontWeight": "bold"}
    rim = {"stroke": theme.background, "strokeWidth": 5, "strokeJoin": "round", "aria": False}
    place = {"x": x, "y": alt.value(HEIGHT - 6), "text": "text:N"}
    return [
        base.mark_text(**look, **around, color=theme.line).encode(**place) for around in (rim, {})
    ]


def named(data: str) -> alt.Chart:
    """A layer of data that come later, under this name."""
    return alt.Chart(alt.NamedData(name=data))
