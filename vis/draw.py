"""From a folder of results to a folder of pictures and a page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import vl_convert

import charts
from comparisons import compare
from page import page
from read_results import read_results

PIXELS_A_POINT = 2  # sharp on dense screens and in print


class NothingToDraw(OSError):
    pass


def draw_folder(results_dir: Path, plots_dir: Path, warn: Callable[[str], None]) -> str:
    """What was written, in one sentence. Tells `warn` of each file that is skipped."""
    results, complaints = read_results(results_dir)
    for complaint in complaints:
        warn(complaint)
    if not results:
        raise NothingToDraw(f"there is no result to draw below {results_dir}")
    comparisons = compare(results)
    plots_dir.mkdir(parents=True, exist_ok=True)
    for comparison in comparisons:
        spec = charts.chart(comparison, charts.LIGHT).to_dict()
        stem = plots_dir / comparison.file_stem
        png = vl_convert.vegalite_to_png(spec, scale=PIXELS_A_POINT)
        Path(f"{stem}.png").write_bytes(png)
        Path(f"{stem}.svg").write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8")
    index = plots_dir / "index.html"
    index.write_text(page(comparisons, complaints, plots_dir), encoding="utf-8")
    pictures = "1 picture" if len(comparisons) == 1 else f"{len(comparisons)} pictures"
    return f"{index}: {len(results)} results in {pictures}, as PNG and SVG beside it"
