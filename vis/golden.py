#!/usr/bin/env python3
"""Writes what the sample results' charts should be: tests/golden/plots, one Vega-Lite file each.

Run it after a wanted change of the charts, and read the difference before committing it.
"""

from __future__ import annotations

import json
from pathlib import Path

import charts
from comparisons import compare
from read_results import read_results

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden"


def specs() -> dict[str, str]:
    """File name to text."""
    results, _ = read_results(GOLDEN / "results")
    drawn = {c.file_stem: charts.chart(c, charts.LIGHT).to_dict() for c in compare(results)}
    return {f"{stem}.vl.json": json.dumps(spec, indent=1) + "\n" for stem, spec in drawn.items()}


def main() -> None:
    folder = GOLDEN / "plots"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.vl.json"):
        old.unlink()
    for name, text in specs().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
