"""Draws what machines cost: the fastest engine of each by price, stacks beside single machines,
and the cost of the cheapest plan for every request rate.

The shapes hold no data: rows come by name, from Python for the files and from the page's script for
the page, so that both draw the same picture.
"""

from __future__ import annotations

import math

import altair as alt

import cost_chart
from comparisons import Row, model_name, short, short_time, wrap
from cost_chart import four, named
from machines import Fleet, Machine
from plans import Candidate, Plan, plans
from themes import Theme, axis, finished, logarithmic, titled

COLUMN = 112  # pixels, as all sizes here
BAR_WIDTH = 46
HEIGHT = 320
MIN_TITLE_WIDTH = 560
LINE_HEIGHT = 15
NAME_CHARACTERS = 16
ABOVE = 64  # for the words over a bar

THROUGHPUT = "Throughput (inferences per second)"
PRICE_ON_TOP = "On top: price per hour, throughput, mean time of an inference."
WHISKER_NOTE = (
    "Whisker: 95 % confidence interval of the mean, or the reading error of a published figure."
)
UNVERIFIED_NOTE = "Dashed and pale: outputs not verified."


def rows_by_price(fleet: Fleet) -> list[dict]:
    return [machine_row(m) | {"place": i} for i, m in enumerate(fleet.machines)]


def rows_of_stacks(fleet: Fleet, rates: list[float]) -> list[dict]:
    """The fastest engine of every machine with a price, and the cheapest stack for each rate."""
    rows = [row_of(m.row, m.fastest, 1) for m in fleet.machines if m.stackable]
    stackable = {m.fastest: m.row for m in fleet.machines if m.stackable}
    stacked = {cheapest_stack(list(stackable), rate) for rate in rates} - {None}
    rows += [row_of(stackable[p.candidate], p.candidate, p.count) for p in stacked]
    rows.sort(key=lambda row: (row["usd"], row["count"], row["name"]))
    return [row | {"place": i} for i, row in enumerate(rows)]


def cheapest_stack(candidates: list[Candidate], rate_per_s: float) -> Plan | None:
    return next((plan for plan in plans(candidates, rate_per_s) if plan.count > 1), None)


def machine_row(machine: Machine) -> dict:
    if machine.fastest:
        return row_of(machine.row, machine.fastest, 1)
    price = machine.usd_per_hour
    return {
        "kind": "no number",
        "name": wrap(machine.instance, NAME_CHARACTERS, 2),
        "price": price_words(price),
        "value": wrap(machine.words, NAME_CHARACTERS, 2),
        "throughput": None,
        "description": f"{machine.instance}, {price_words(price)}: {machine.words}",
    }


def row_of(row: Row, candidate: Candidate, count: int) -> dict:
    name = candidate.instance if count == 1 else f"{count} \u00d7 {candidate.instance}"
    price = None if candidate.usd_per_hour is None else count * candidate.usd_per_hour
    one = candidate.capacity_per_s
    throughput = count * one
    low, high = candidate.low_per_s, candidate.high_per_s
    if one < candidate.throughput_per_s:  # what it sustained; the interval is of the throughput
        low = high = one
    name_lines = wrap(name, NAME_CHARACTERS, 2)
    each_s = candidate.inference_s
    latency = "under traffic" if each_s is None else short_time(each_s)
    each = latency if each_s is None else f"{latency} each"
    return {
        "kind": "verified" if candidate.verified else "unverified",
        "name": name_lines,
        "usd": price,
        "count": count,
        "stack": count > 1,
        "price": price_words(price),
        "throughput": throughput,
        "low": low,
        "high": throughput if high is None else high,
        "roof": (throughput if high is None else high) * HEIGHT / (HEIGHT - ABOVE),
        "value": [f"{short(throughput)}/s", latency],
        "engine": wrap(row.name, NAME_CHARACTERS, 2) + wrap(candidate.words, NAME_CHARACTERS, 2),
        "engine_y": HEIGHT + 12 + LINE_HEIGHT * len(name_lines),
        "description": f"{name}, {price_words(price)}: {short(throughput)} inferences per second "
        f"with {row.label}, {each}, {row.status.lower()}",
    }


def price_words(usd_per_hour: float | None) -> str:
    return "no price" if usd_per_hour is None else usd(usd_per_hour) + "/h"


def usd(dollars: float) -> str:
    """At least cents, and more where a price has more: $0.034, $0.0399, $2.156, $28.00."""
    decimals = 3 if dollars >= 1 else 4
    if 0 < dollars < 0.01:
        decimals = 2 - math.floor(math.log10(dollars))
    text = f"{dollars:,.{decimals}f}"
    cents = text.index(".") + 3
    return "$" + text[:cents] + text[cents:].rstrip("0")


def rate_rows(rates: list[float]) -> list[dict]:
    return [{"rate": rate, "text": f"{four(rate)}/s"} for rate in rates]


def by_price(theme: Theme) -> alt.LayerChart:
    y = alt.Scale(zero=True, nice=True)
    base = named("rows")
    return alt.layer(
        *bars(base, y, theme),
        roof(base, y, theme),
        *rate_lines(named("rates"), y, theme),
        *whiskers(base, y, theme),
        *words_over(base, y, theme, "high"),
        *words_under(base, theme),
    ).properties(width=alt.Step(COLUMN), height=HEIGHT)


def stacks(theme: Theme) -> alt.LayerChart:
    y = alt.Scale(type="log", nice=False, padding=24)
    base = named("rows")
    return alt.layer(
        *rate_lines(named("rates"), y, theme),
        *points(base, y, theme),
        roof(base, y, theme),
        *words_over(base, y, theme, "throughput"),
        *words_under(base, theme),
    ).properties(width=alt.Step(COLUMN), height=HEIGHT)


def points(base: alt.Chart, y: alt.Scale, theme: Theme) -> list[alt.Chart]:
    """No bars: from where on a logarithmic scale would they begin?"""
    thread = base.mark_rule(color=theme.grid, strokeDash=[2, 3], aria=False)
    shape = alt.condition("datum.stack", alt.value("square"), alt.value("circle"))
    fill = alt.condition("datum.stack", alt.value(theme.series[1]), alt.value(theme.bar))
    height = upward("throughput", y, theme)
    point = base.mark_point(size=190, opacity=1, stroke=theme.ink, strokeWidth=1.5)
    return [
        thread.encode(x=place(), y=height, y2=alt.value(HEIGHT)),
        point.encode(
            x=place(),
            y=height,
            shape=shape,
            fill=fill,
            description="description:N",
            **outline(),
        ),
    ]


def outline() -> dict:
    """Dashed and pale where the outputs were not verified."""
    verified = "datum.kind === 'verified'"
    return {
        "fillOpacity": alt.condition(verified, alt.value(1), alt.value(0.4)),
        "strokeDash": alt.condition(verified, alt.value([1, 0]), alt.value([5, 3])),
    }


def roof(base: alt.Chart, y: alt.Scale, theme: Theme) -> alt.Chart:
    """Holds the scale's upper end so far up that the words fit below it."""
    return (
        measured(base)
        .mark_point(opacity=0, aria=False)
        .encode(x=place(), y=upward("roof", y, theme))
    )


def place() -> alt.X:
    return alt.X("place:O", axis=None, scale=alt.Scale(padding=0))


def upward(field: str, scale: alt.Scale, theme: Theme, **options: object) -> alt.Y:
    log = scale.type == "log"
    shown = logarithmic(THROUGHPUT, theme) if log else axis(THROUGHPUT, theme, tickCount=6)
    return alt.Y(f"{field}:Q", scale=scale, axis=shown, **options)


def bars(base: alt.Chart, y: alt.Scale, theme: Theme) -> list[alt.Chart]:
    return [
        base.mark_bar(width=BAR_WIDTH, fill=theme.bar, stroke=theme.ink, strokeWidth=1).encode(
            x=place(),
            y=upward("throughput", y, theme, stack=None),
            description="description:N",
            **outline(),
        )
    ]


def of_kind(base: alt.Chart, kind: str) -> alt.Chart:
    return base.transform_filter(f"datum.kind === '{kind}'")


def measured(base: alt.Chart) -> alt.Chart:
    return base.transform_filter("datum.kind !== 'no number'")


def whiskers(base: alt.Chart, y: alt.Scale, theme: Theme) -> list[alt.Chart]:
    """Where there is a spread to show; the ends of others would look like one of nought."""
    ink = {"color": theme.ink, "aria": False}
    shown = alt.condition("datum.low < datum.high", alt.value(1), alt.value(0))
    line = measured(base).mark_rule(strokeWidth=1.5, **ink)
    end = measured(base).mark_tick(thickness=1.5, size=12, orient="horizontal", **ink)
    return [
        line.encode(x=place(), y=upward("low", y, theme), y2="high:Q", opacity=shown),
        end.encode(x=place(), y=upward("low", y, theme), opacity=shown),
        end.encode(x=place(), y=upward("high", y, theme), opacity=shown),
    ]


def words_over(base: alt.Chart, y: alt.Scale, theme: Theme, field: str) -> list[alt.Chart]:
    """The price on top, the throughput and the latency of one machine below it."""
    over = {"align": "center", "baseline": "bottom", "lineHeight": LINE_HEIGHT}
    price = {**over, "dy": -40, "fontSize": 13, "fontWeight": "bold", "color": theme.ink}
    value = {**over, "dy": -10 - LINE_HEIGHT, "fontSize": 12, "color": theme.muted}
    rim = {"stroke": theme.background, "strokeWidth": 6, "strokeJoin": "round", "aria": False}
    return [
        rows.mark_text(**look, **around).encode(x=place(), y=height, text=text)
        for rows, height in (
            (measured(base), upward(field, y, theme)),
            (of_kind(base, "no number"), alt.value(HEIGHT)),
        )
        for around in (rim, {})
        for look, text in ((price, "price:N"), (value, "value:N"))
    ]


def words_under(base: alt.Chart, theme: Theme) -> list[alt.Chart]:
    under = {"align": "center", "baseline": "top", "lineHeight": LINE_HEIGHT}
    name = {**under, "fontSize": 13, "fontWeight": "bold", "color": theme.ink}
    return [
        base.mark_text(**name).encode(x=place(), y=alt.value(HEIGHT + 10), text="name:N"),
        base.mark_text(**under, fontSize=12, color=theme.muted).encode(
            x=place(), y=alt.Y("engine_y:Q", scale=None, axis=None), text="engine:N"
        ),
    ]


def rate_lines(base: alt.Chart, y: alt.Scale, theme: Theme) -> list[alt.Chart]:
    color = theme.line
    beside = {"align": "left", "baseline": "middle", "dx": 6, "fontSize": 13, "fontWeight": "bold"}
    return [
        base.mark_rule(color=color, strokeWidth=2, strokeDash=[7, 4]).encode(
            y=upward("rate", y, theme)
        ),
        base.mark_text(**beside, color=color).encode(
            x=alt.value("width"), y=upward("rate", y, theme), text="text:N"
        ),
    ]


def picture_by_price(fleet: Fleet, rates: list[float], theme: Theme) -> dict:
    rows = rows_by_price(fleet)
    notes = [
        f"Each machine with its fastest engine{how_served(fleet)}; cheapest machine first. "
        + PRICE_ON_TOP,
        WHISKER_NOTE,
        unverified_note(rows),
    ]
    title = f"{model_name(fleet.model)}: the fastest engine on each machine"
    data = {"rows": rows, "rates": rate_rows(rates)}
    return complete(by_price(theme), data, title, notes, len(rows) * COLUMN, theme)


def picture_of_stacks(fleet: Fleet, rates: list[float], theme: Theme) -> dict:
    rows = rows_of_stacks(fleet, rates)
    notes = [
        "Circle: one machine. Square: the cheapest stack of equal machines for a request rate "
        "(dashed line); its latency stays that of one machine. " + PRICE_ON_TOP,
        unverified_note(rows),
    ]
    title = f"{model_name(fleet.model)}: stacks beside single machines"
    data = {"rows": rows, "rates": rate_rows(rates)}
    return complete(stacks(theme), data, title, notes, len(rows) * COLUMN, theme)


def picture_of_cost(fleet: Fleet, rates: list[float], theme: Theme) -> dict:
    data = cost_chart.cost_rows(fleet) | {"rates": rate_rows(rates)}
    notes = [
        "Stacks of equal machines, no headroom, no bound on latency. Thick: the cheapest plan for "
        "the rate, with a symbol where it changes. Thin: one machine's stacks at other rates. Rates "
        "beside a name: the widest range in which it is the cheapest."
    ]
    title = f"{model_name(fleet.model)}: what traffic costs"
    return complete(cost_chart.cost(theme), data, title, notes, cost_chart.WIDTH, theme)


def can_be_drawn(name: str, fleet: Fleet) -> bool:
    """Pictures of prices compare machines: two of them need a figure, and one a price."""
    if fleet.mode != "latency" or not any(m.usd_per_hour is not None for m in fleet.machines):
        return False
    if name == "by-price":
        return sum(m.fastest is not None for m in fleet.machines) > 1
    return len({c.instance for c in cost_chart.on_the_scale(fleet)}) > 1


PICTURES = {"by-price": picture_by_price, "stacks": picture_of_stacks, "cost": picture_of_cost}


def how_served(fleet: Fleet) -> str:
    fastest = [machine.fastest for machine in fleet.machines if machine.fastest]
    several = any(candidate.servers > 1 for candidate in fastest)
    if not any(candidate.only_under_traffic for candidate in fastest):
        return ", several processes where they do more" if several else ", one request at a time"
    processes = ", several processes where they do more" if several else ""
    return processes + ' ("under traffic": the highest request rate that was tried and sustained)'


def unverified_note(rows: list[dict]) -> str:
    return UNVERIFIED_NOTE if any(row["kind"] == "unverified" for row in rows) else ""


def complete(
    shape: alt.LayerChart, data: dict, title: str, notes: list[str], width: int, theme: Theme
) -> dict:
    min_width = max(width, MIN_TITLE_WIDTH)
    shape = shape.properties(title=titled([title], notes, min_width, theme))
    return finished(shape, theme).to_dict() | {"datasets": data}
