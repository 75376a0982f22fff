"""Draws a comparison: throughput per engine as a bar, words where there is no number."""

from __future__ import annotations

import math

import altair as alt

from comparisons import Comparison, Row, model_name, short, short_time, wrap
from read_results import Result
from themes import Theme, axis, finished, titled

PLOT_WIDTH = 600  # pixels, as all sizes here
BARS_SHARE = 0.7  # of the plot's width; the rest is for the values beside the bars
BAR_HEIGHT = 26
LINE_HEIGHT = 15
ROW_GAP = 16
NAMES_GAP = 12  # between an engine's name and the axis
DETAIL_CHARACTERS = 36
REASON_CHARACTERS = 100
REASON_LINES = 2
AXIS_TITLE = "Throughput (inferences per second)"
ITEMS = "Throughput (items per second: inferences times the batch)"
UNITS = {"latency": AXIS_TITLE + ", one at a time"}
HOW_TO_READ = "Bar: median. Whisker: the middle 90 % of the measurements (all, if fewer than 20)."
PUBLISHED_NOTE = "Bar: as published, without the samples behind it. Whisker: reading error."
SETTING_NOTE = (
    "Bar: throughput of the setting beside it, the best of those tried. Whisker: 95 % confidence interval. "
    "Time: of an inference while all processes work."
)
REQUEST_RATE_NOTE = (
    "Bar: the request rate that was asked for and sustained, or the highest found with --slo-p99."
)
UNVERIFIED_NOTE = (
    "Dashed, no filling: no rank, as outputs are not verified, a variant is not accepted, or the machine "
    "was busy."
)


def chart(comparison: Comparison, theme: Theme) -> alt.LayerChart:
    drawn, height = lay_out(comparison)
    base = alt.Chart(alt.Data(values=drawn))
    x = alt.Scale(domain=[0, axis_end(comparison)], nice=False)
    unit = ITEMS if comparison.in_items else UNITS.get(comparison.mode, AXIS_TITLE)
    layers = [
        *plain_ground(base, theme),
        *bars(base, x, unit, theme),
        *whiskers(base, x, theme),
        *values(base, x, theme),
        *names(base, theme),
        *outcomes(base, theme),
    ]
    drawing = (
        alt.layer(*layers)
        .resolve_scale(y="shared")
        .properties(width=PLOT_WIDTH, height=height, title=title(comparison, theme))
    )
    return finished(drawing, theme)


def title(comparison: Comparison, theme: Theme) -> alt.TitleParams:
    results = [row.result for row in comparison.rows if row.result.measured]
    notes = [comparison.conditions]
    if comparison.mode == "throughput":
        notes.append(SETTING_NOTE)
    elif comparison.mode != "latency":
        notes.append(REQUEST_RATE_NOTE)
    elif any(not result.published for result in results) or not results:
        notes.append(HOW_TO_READ)
    if any(result.published for result in results):
        notes.append(PUBLISHED_NOTE)
    if any(not result.ranked for result in results):
        notes.append(UNVERIFIED_NOTE)
    return titled(title_lines(comparison), notes, 720, theme)


def title_lines(comparison: Comparison) -> list[str]:
    if len(comparison.title) <= 80:
        return [comparison.title]
    return wrap(model_name(comparison.model), 76, 2) + wrap(f"on {comparison.instance}", 76, 2)


def axis_end(comparison: Comparison) -> float:
    ends = [
        comparison.factor(row) * max(row.result.throughput_range)
        for row in comparison.rows
        if row.result.measured
    ]
    return max(ends, default=1) / BARS_SHARE


def lay_out(comparison: Comparison) -> tuple[list[dict], int]:
    """One object per row with its place in pixels from the top, and the height of all."""
    drawn, top = [], ROW_GAP // 2
    for row in comparison.rows:
        detail = wrap(row.detail, DETAIL_CHARACTERS, 4) if row.detail else []
        reason = [] if row.result.measured else wrap(row.reason, REASON_CHARACTERS, REASON_LINES)
        height = max(BAR_HEIGHT, LINE_HEIGHT * (1 + max(len(detail), len(reason))))
        middle = top + height / 2
        drawn.append(
            {
                "name": row.name,
                "detail": detail,
                "name_y": first_line(middle, 1 + len(detail)),
                "detail_y": first_line(middle, 1 + len(detail)) + LINE_HEIGHT,
                "bar_top": middle - BAR_HEIGHT / 2,
                "bar_bottom": middle + BAR_HEIGHT / 2,
                "middle": middle,
                "top": top - ROW_GAP / 2,
                "bottom": top + height + ROW_GAP / 2 + 1,
                "words_y": first_line(middle, 1 + max(1, len(reason))),
                "more_y": first_line(middle, 1 + max(1, len(reason))) + LINE_HEIGHT,
                **(number(row, comparison) if row.result.measured else words(row, reason)),
            }
        )
        top += height + ROW_GAP
    return drawn, top - ROW_GAP // 2  # the last row has half a gap below it, as the first above


def first_line(middle: float, lines: int) -> float:
    """Where the first of some lines has its middle, so that all of them are centred."""
    return middle - LINE_HEIGHT * (lines - 1) / 2


def number(row: Row, comparison: Comparison) -> dict:
    result, factor = row.result, comparison.factor(row)
    low, high = (factor * end for end in result.throughput_range)
    return {
        "kind": "verified" if result.ranked else "unverified",
        "throughput": factor * result.throughput,
        "low": low,
        "high": high,
        "value": value_words(result, factor),
        "latency": short_time(result.median_s)
        + (f", {result.why_unranked}" if result.why_unranked else ""),
        "measurements": len(result.times_s),
        "description": f"{row.label}: {short(factor * result.throughput)} "
        f"{'items' if comparison.in_items else 'inferences'} per second, "
        f"{row.status.lower()}",
    }


def value_words(result: Result, factor: int = 1) -> str:
    if result.published and result.published.plus_minus_per_s:
        return with_error(result.throughput, result.published.plus_minus_per_s)
    return short(factor * result.throughput)


def with_error(value: float, error: float) -> str:
    """Both with the digits of the error, of which two count: 51.70 \u00b1 0.25."""
    decimals = max(0, 1 - math.floor(math.log10(error)))
    text = f"{error:.{decimals}f}"
    decimals -= len(text) - len(text.rstrip("0")) if "." in text else 0
    return f"{value:,.{decimals}f} \u00b1 {error:,.{decimals}f}"


def words(row: Row, reason: list[str]) -> dict:
    return {
        "kind": "no number",
        "outcome": row.words,
        "reason": reason,
        "description": f"{row.label}: {row.words}. {row.reason}",
    }


def pixels(name: str) -> alt.Y:
    return alt.Y(f"{name}:Q", scale=None, axis=None)


def measured(base: alt.Chart, kind: str = "") -> alt.Chart:
    wanted = f"datum.kind === '{kind}'" if kind else "datum.kind !== 'no number'"
    return base.transform_filter(wanted)


def bars(base: alt.Chart, x: alt.Scale, unit: str, theme: Theme) -> list[alt.Chart]:
    shape = {
        "x": alt.X("throughput:Q", scale=x, axis=axis(unit, theme, tickCount=6)),
        "x2": alt.datum(0),
        "y": pixels("bar_top"),
        "y2": alt.Y2("bar_bottom"),
        "description": "description:N",
        "tooltip": [
            alt.Tooltip("name:N", title="Engine"),
            alt.Tooltip("value:N", title="Inferences per second"),
            alt.Tooltip("low:Q", title="5th percentile", format=",.4~g"),
            alt.Tooltip("high:Q", title="95th percentile", format=",.4~g"),
            alt.Tooltip("latency:N", title="Median latency"),
            alt.Tooltip("measurements:Q", title="Measurements"),
        ],
    }
    plain = {"stroke": theme.ink, "strokeWidth": 1}
    dashed = {"fill": theme.background, "strokeDash": [5, 3], "stroke": theme.ink}
    return [
        measured(base, "verified").mark_rect(fill=theme.bar, **plain).encode(**shape),
        measured(base, "unverified").mark_rect(**dashed).encode(**shape),
    ]


def whiskers(base: alt.Chart, x: alt.Scale, theme: Theme) -> list[alt.Chart]:
    line = measured(base).mark_rule(color=theme.ink, strokeWidth=1.5, aria=False)
    end = measured(base).mark_tick(color=theme.ink, thickness=1.5, size=10, opacity=1, aria=False)
    return [
        line.encode(x=alt.X("low:Q", scale=x), x2="high:Q", y=pixels("middle")),
        end.encode(x=alt.X("low:Q", scale=x), y=pixels("middle")),
        end.encode(x=alt.X("high:Q", scale=x), y=pixels("middle")),
    ]


def values(base: alt.Chart, x: alt.Scale, theme: Theme) -> list[alt.Chart]:
    place = alt.X("high:Q", scale=x)
    left = {"align": "left", "baseline": "middle", "dx": 8}
    value = {**left, "fontSize": 14, "fontWeight": "bold", "color": theme.ink}
    latency = {**left, "fontSize": 12, "color": theme.muted}
    # A rim of background keeps the grid's lines out of the words.
    rim = {"stroke": theme.background, "strokeWidth": 6, "strokeJoin": "round", "aria": False}
    return [
        measured(base).mark_text(**look, **around).encode(x=place, y=pixels(y), text=text)
        for around in (rim, {})
        for look, y, text in ((value, "words_y", "value:N"), (latency, "more_y", "latency:N"))
    ]


def names(base: alt.Chart, theme: Theme) -> list[alt.Chart]:
    right = {"align": "right", "baseline": "middle", "lineHeight": LINE_HEIGHT}
    place = alt.value(-NAMES_GAP)
    return [
        base.mark_text(**right, fontSize=13, fontWeight="bold", color=theme.ink).encode(
            x=place, y=pixels("name_y"), text="name:N"
        ),
        base.mark_text(**right, fontSize=12, color=theme.muted).encode(
            x=place, y=pixels("detail_y"), text="detail:N"
        ),
    ]


def plain_ground(base: alt.Chart, theme: Theme) -> list[alt.Chart]:
    """Keeps the grid's lines out of the words."""
    return [
        base.transform_filter("datum.kind === 'no number'")
        .mark_rect(fill=theme.background, aria=False)
        .encode(x=alt.value(4), x2=alt.value(PLOT_WIDTH), y=pixels("top"), y2="bottom")
    ]


def outcomes(base: alt.Chart, theme: Theme) -> list[alt.Chart]:
    failed = base.transform_filter("datum.kind === 'no number'")
    left = {"align": "left", "baseline": "middle", "lineHeight": LINE_HEIGHT}
    return [
        failed.mark_text(**left, fontSize=13, fontWeight="bold", color=theme.ink).encode(
            x=alt.value(8), y=pixels("words_y"), text="outcome:N", description="description:N"
        ),
        failed.mark_text(**left, fontSize=12, color=theme.muted).encode(
            x=alt.value(8), y=pixels("more_y"), text="reason:N"
        ),
    ]
