"""Reads the price per hour of each machine: catalogue/instances.csv, or a file of that form."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

SHIPPED = Path(__file__).resolve().parent.parent / "catalogue" / "instances.csv"
NUMBERS = ("usd_per_hour", "vcpu", "cores", "memory_gib", "gpus", "gpu_memory_mib")


class NotACatalogue(OSError):
    pass


def read_prices(path: Path, warn: Callable[[str], None]) -> tuple[dict[str, float], dict[str, str]]:
    """By instance type: $ per hour, without unknown prices; and when and where its price held, as
    "2026-07-20, us-east-1". Calls `warn` for each row that can't be used, as `dnnbench catalogue`
    does. Throws OSError."""
    found: dict[str, float | None] = {}
    notes: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = {"instance", "usd_per_hour"} - set(rows.fieldnames or ())
            if missing:
                raise NotACatalogue(f"{path} has no column {' and '.join(sorted(missing))}")
            for row in rows:
                name = (row["instance"] or "").strip()
                why = (
                    "a row with this name came before" if name in found else why_unusable(name, row)
                )
                if why:
                    warn(f"{path}, line {rows.line_num}: left out: {why}")
                else:
                    price = (row["usd_per_hour"] or "").strip()
                    found[name] = float(price) if price else None
                    notes[name] = ", ".join(
                        filter(None, [row.get("price_date"), row.get("region")])
                    )
    except (UnicodeDecodeError, csv.Error) as error:
        raise NotACatalogue(f"{path} is not a CSV file in UTF-8: {error}") from error
    return {name: price for name, price in found.items() if price is not None}, notes


def why_unusable(name: str, row: dict) -> str:
    if None in row:
        return "it has more fields than the first line"
    if not name:
        return "it has no name"
    for column in NUMBERS:
        text = (row.get(column) or "").strip()
        if text and not is_amount(text):
            return f'"{text}" in {column} is not a number from 0 to 1e9'
    return ""


def is_amount(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1e9
    except ValueError:
        return False
