#!/usr/bin/env python3
"""Writes the published numbers of the 2021 study as result files, a folder an instance.

Reads published_results.csv beside it. The numbers have no samples: docs/results-format.md,
"Published figures", says what such a file holds.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODEL_NAMES = {"BERT": "bertsquad-10.onnx", "Resnet50": "resnet50v1.onnx"}  # the text's names
UNNAMED = "unnamed-engine"  # the text does not always say which
STATEMENTS = {">=": "at_least", "<": "below"}


def main(folder: Path) -> None:
    for row in chosen_rows(read_rows()):
        path = folder / row["instance"] / file_name(row)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result(row), indent=1) + "\n", encoding="utf-8")


def read_rows() -> list[dict[str, str]]:
    with open(HERE / "published_results.csv", encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        row["model"] = MODEL_NAMES.get(row["model"], row["model"])
    return rows


def chosen_rows(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """One row a bar, the most finely read one; a statement only where no bar was printed.

    Stacks are computed by the advisor, so no row of more than one machine is a result.
    """
    single = [row for row in rows if row["count"] == "1" and row["instance"] != "(unstated)"]
    bars: dict[tuple[str, ...], dict[str, str]] = {}
    for row in single:
        key = tuple(row[column] for column in ("model", "instance", "backend", "backend_meta"))
        if row["read_from_plot"] != "yes":
            continue
        if key not in bars or pixel_error(row) < pixel_error(bars[key]):
            bars[key] = row
    drawn = {key[:2] for key in bars}
    stated = [
        row | {"backend": UNNAMED, "backend_meta": "cpu"}
        for row in single
        if split_bound(row)[0] and (row["model"], row["instance"]) not in drawn
    ]
    return [*bars.values(), *stated]


def pixel_error(row: dict[str, str]) -> float:
    return float(row["plus_minus_1px"] or "inf")


def split_bound(row: dict[str, str]) -> tuple[str | None, float | None]:
    text = row["throughput_samples_s"]
    for sign, bound in STATEMENTS.items():
        if text.startswith(sign):
            return bound, float(text.removeprefix(sign))
    return None, float(text) if text else None


def device(row: dict[str, str]) -> str:
    return {"c6g": "arm", "g4dn": "gpu"}.get(row["instance"].split(".")[0], "cpu")


def file_name(row: dict[str, str]) -> str:
    stem = row["model"].removesuffix(".onnx")
    return f"{stem}-quant=0-{device(row)}-{row['backend']}-{row['backend_meta']}.json"


def result(row: dict[str, str]) -> dict:
    bound, throughput = split_bound(row)
    missing = throughput is None
    return {
        "model_path": row["model"],
        "backend": row["backend"],
        "backend_meta": row["backend_meta"],
        "device": device(row),
        "number": 1,
        "quantize": False,
        "data": [],
        "outcome": "failed" if missing else "ok",
        "reason": "The study's plot has no bar; its text says that some models failed to convert."
        if missing
        else "",
        "instance": row["instance"],
        "published": {
            "throughput_per_s": throughput,
            "plus_minus_per_s": float(row["plus_minus_1px"]) if row["plus_minus_1px"] else None,
            "bound": bound,
            "read_from_plot": row["read_from_plot"] == "yes",
            "source": row["source"],
            "note": row["note"],
        },
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
