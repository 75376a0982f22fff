#!/usr/bin/env python3
"""Writes the expected charts of the sample results and of the 2021 study's BERT to
tests/golden/plots, one Vega-Lite file each, and README's picture.

Run it after an intended change of the charts, and read the difference before committing it:
git diff --word-diff
"""

from __future__ import annotations

import json
from pathlib import Path

import vl_convert

import draw
from catalogue import SHIPPED, read_prices
from comparisons import compare
from machines import fleets
from read_results import read_results

REPOSITORY = Path(__file__).resolve().parent.parent
GOLDEN = REPOSITORY / "tests" / "golden"
STUDY = REPOSITORY / "examples" / "2021-study"
OF_THE_STUDY = ("bertsquad-10-by-price", "bertsquad-10-stacks", "bertsquad-10-cost")


PICTURE = REPOSITORY / "docs" / "pictures" / "2021-study-stacks.svg"


def picture() -> str:
    [stacks] = [p for p in pictures_of(STUDY) if p.stem == "bertsquad-10-stacks"]
    return vl_convert.vegalite_to_svg(stacks.draw())


def specs() -> dict[str, str]:
    """File name to text."""
    drawn = {p.stem: p for p in pictures_of(GOLDEN / "results")}
    drawn |= {f"2021-study-{p.stem}": p for p in pictures_of(STUDY) if p.stem in OF_THE_STUDY}
    return {f"{stem}.vl.json": compact(p.draw()) + "\n" for stem, p in drawn.items()}


def compact(value: object, key: str = "", indent: str = "") -> str:
    """JSON with a line for each layer's data, mark and channel, and for each dataset."""
    inner = indent + " "
    if key in ("", "encoding", "spec", "datasets"):
        deeper = [(name, "data" if key == "datasets" else name) for name in value]
        entries = [f"{json.dumps(n)}: {compact(value[n], kind, inner)}" for n, kind in deeper]
        return "{" + f",\n{inner}".join(entries) + "}"
    if key in ("layer", "concat", "hconcat", "vconcat"):
        return "[" + f",\n{inner}".join(compact(one, "", inner) for one in value) + "]"
    return json.dumps(value)


def pictures_of(folder: Path) -> list[draw.Picture]:
    results, _ = read_results(folder)
    comparisons = compare(results)
    prices, _ = read_prices(SHIPPED, print)
    return draw.pictures(comparisons, fleets(comparisons, prices), [])


def main() -> None:
    folder = GOLDEN / "plots"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.vl.json"):
        old.unlink()
    for name, text in specs().items():
        (folder / name).write_text(text, encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")


if __name__ == "__main__":
    main()
