"""Reads what an hour of each instance type costs: catalogue/instances.csv, or a file of that form."""

from __future__ import annotations

import csv
import math
from pathlib import Path

SHIPPED = Path(__file__).resolve().parent.parent / "catalogue" / "instances.csv"


class NotACatalogue(OSError):
    pass


def read_prices(path: Path) -> dict[str, float]:
    """Instance type to $ an hour; a type without a price is left out. Throws OSError."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        missing = {"instance", "usd_per_hour"} - set(rows.fieldnames or ())
        if missing:
            raise NotACatalogue(f"{path} has no column {' and '.join(sorted(missing))}")
        return dict(priced(path, rows))


def priced(path: Path, rows: csv.DictReader):
    for row in rows:
        name, text = (row["instance"] or "").strip(), (row["usd_per_hour"] or "").strip()
        if not text:
            continue
        try:
            usd_per_hour = float(text)
        except ValueError:
            usd_per_hour = math.nan
        if not name or not 0 < usd_per_hour < math.inf:
            raise NotACatalogue(
                f'{path}, line {rows.line_num}: "{name}" costs "{text}", not a price above 0'
            )
        yield name, usd_per_hour
