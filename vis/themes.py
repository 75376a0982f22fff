"""What all pictures have in common: colours, letters, titles."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt

from comparisons import wrap

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"


@dataclass(frozen=True)
class Theme:
    background: str
    ink: str
    muted: str
    grid: str
    bar: str
    line: str  # a request rate asked for
    # Told apart by people who see few colours (after Okabe and Ito 2008), the first four in grey
    # too; never without a name or a shape beside.
    series: tuple[str, ...]


LIGHT = Theme(
    background="#ffffff",
    ink="#16181d",
    muted="#5a606b",
    grid="#e2e5ea",
    bar="#7fb0e0",
    line="#c2410c",
    series=("#0b3c7d", "#e69f00", "#cc79a7", "#00694d", "#56b4e9", "#6b7280"),
)
DARK = Theme(
    background="#14171c",
    ink="#f2f4f7",
    muted="#a9b1bd",
    grid="#2d333c",
    bar="#3f77b3",
    line="#fb923c",
    series=("#4f8fd9", "#e69f00", "#b0568a", "#5fe0b7", "#3d6fb0", "#8b93a0"),
)


def titled(text: list[str], notes: list[str], width: int, theme: Theme) -> alt.TitleParams:
    return alt.TitleParams(
        text=text,
        subtitle=[piece for note in notes if note for piece in wrap(note, width // 6, 3)],
        anchor="start",
        frame="bounds",
        offset=14,
        fontSize=18,
        subtitleFontSize=12,
        subtitleLineHeight=17,
        subtitlePadding=6,
        color=theme.ink,
        subtitleColor=theme.muted,
    )


def axis(title: str, theme: Theme, **options: object) -> alt.Axis:
    return alt.Axis(
        title=title,
        titleColor=theme.muted,
        labelColor=theme.muted,
        titlePadding=10,
        gridColor=theme.grid,
        domain=False,
        ticks=False,
        labelPadding=6,
        labelFlush=False,
        **options,
    )


def finished(chart: alt.TopLevelMixin, theme: Theme) -> alt.TopLevelMixin:
    return (
        chart.properties(background=theme.background, padding=16)
        .configure(font=FONT)
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12, titleFontSize=12, titleFontWeight="normal")
    )


LOG_TICKS = 40  # so many that the axis has all digits of a power of ten


def logarithmic(axis_title: str, theme: Theme, **options: object) -> alt.Axis:
    """Lines at powers of ten alone: those between crowd the picture. So do labels but for 1, 2 and 5,
    where the axis has them."""
    scale = "x" if "rate" in axis_title else "y"
    digit = "datum.value / pow(10, floor(log(datum.value) / LN10 + 1e-9))"
    known = f"indexof([1, 2, 5], round(1e6 * {digit}) / 1e6) >= 0"
    few = f"domain('{scale}')[1] / domain('{scale}')[0] < 5"
    power = "abs(log(datum.value) / LN10 - round(log(datum.value) / LN10)) < 1e-6"
    opacity = alt.condition(power, alt.value(1), alt.value(0))
    words = f"{known} || {few} ? datum.label : ''"
    return axis(
        axis_title, theme, gridOpacity=opacity, labelExpr=words, tickCount=LOG_TICKS, **options
    )
