"""From a folder of results to a page and a folder of pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import vl_convert

import batch_charts
import charts
import price_charts
import sample_charts
import traffic_charts
import variant_charts
from catalogue import SHIPPED, read_prices
from comparisons import Comparison, compare, unique
from machines import Fleet, fleets
from page import page
from read_results import read_results
from themes import LIGHT

MANY = 100  # pictures take about a second each; with this many, say so
PIXELS_A_POINT = 2  # sharp on dense screens and in print


class NothingToDraw(OSError):
    pass


@dataclass
class Wishes:
    """What the command line may say beside the two folders."""

    catalogue: Path = SHIPPED
    rates: list[float] = field(default_factory=list)  # empty: those that usual_rates chooses


@dataclass
class Picture:
    stem: str  # its files' names without .png and .svg
    draw: Callable[[], dict]  # its Vega-Lite


def draw_folder(
    results_dir: Path, plots_dir: Path, warn: Callable[[str], None], wishes: Wishes | None = None
) -> str:
    """What was written, in one sentence. Calls `warn` for each file that is skipped."""
    wishes = wishes or Wishes()
    results, complaints = read_results(results_dir)
    for complaint in complaints:
        warn(complaint)
    if not results:
        raise NothingToDraw(f"there is no result to draw below {results_dir}")
    comparisons = compare(results)
    prices, notes = read_prices(wishes.catalogue, warn)
    models = fleets(comparisons, prices)
    drawn = pictures(comparisons, models, wishes.rates)
    plots_dir.mkdir(parents=True, exist_ok=True)
    index = plots_dir / "index.html"
    stems = {picture.stem for picture in drawn}
    text = page(models, stems, complaints, plots_dir, wishes.rates, notes)
    index.write_text(text, encoding="utf-8")
    if len(drawn) > MANY:
        warn(f"{index} is written; {len(drawn)} pictures follow")
    for picture in drawn:
        write(picture, plots_dir)
    count = "1 picture" if len(drawn) == 1 else f"{len(drawn)} pictures"
    return f"{index}: {len(results)} results in {count}, as PNG and SVG beside it"


def write(picture: Picture, plots_dir: Path) -> None:
    spec = picture.draw()
    png = vl_convert.vegalite_to_png(spec, scale=PIXELS_A_POINT)
    (plots_dir / f"{picture.stem}.png").write_bytes(png)
    svg = vl_convert.vegalite_to_svg(spec)
    (plots_dir / f"{picture.stem}.svg").write_text(svg, encoding="utf-8")


def pictures(
    comparisons: list[Comparison], models: list[Fleet], rates: list[float]
) -> list[Picture]:
    """All that the results support, each with a name of its own."""
    found = [Picture(c.file_stem, lambda c=c: figures(c)) for c in comparisons]
    for comparison in comparisons:
        if batch_charts.can_be_drawn(comparison):
            stem = f"{comparison.file_stem}-batches"
            found.append(Picture(stem, lambda c=comparison: batch_charts.picture(c, LIGHT)))
        if variant_charts.can_be_drawn(comparison):
            stem = f"{comparison.file_stem}-variants"
            found.append(Picture(stem, lambda c=comparison: variant_charts.picture(c, LIGHT)))
        if sample_charts.rows_with_samples(comparison):
            stem = f"{comparison.file_stem}-times"
            found.append(Picture(stem, lambda c=comparison: sample_charts.picture(c, LIGHT)))
    for fleet in models:
        found += pictures_of_prices(fleet, rates or fleet.usual_rates)
    for picture, stem in zip(found, unique([picture.stem for picture in found])):
        picture.stem = stem
    return found


def figures(comparison: Comparison) -> dict:
    """A comparison's own picture: latency by request rate in load mode, else throughput."""
    if traffic_charts.can_be_drawn(comparison):
        return traffic_charts.picture(comparison, LIGHT)
    return charts.chart(comparison, LIGHT).to_dict()


def pictures_of_prices(fleet: Fleet, rates: list[float]) -> Iterator[Picture]:
    for name, draw in price_charts.PICTURES.items():
        if price_charts.can_be_drawn(name, fleet):
            yield Picture(f"{fleet.file_stem}-{name}", lambda d=draw: d(fleet, rates, LIGHT))
