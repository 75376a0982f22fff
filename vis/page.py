"""Writes index.html: every comparison in one file that works offline."""

from __future__ import annotations

import json
import math
import os
import re
import statistics
from pathlib import Path
from urllib.parse import quote

import jinja2
import vl_convert
from markupsafe import Markup

import charts
from comparisons import Comparison, Row, short, short_time

# Least samples for a percentile, docs/results-format.md.
LEAST_SAMPLES = {90: 64, 99: 459}
UNKNOWN = "\u2013"


def page(comparisons: list[Comparison], complaints: list[str], plots_dir: Path) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    specs = {c.file_stem: themes(c) for c in comparisons}
    return environment.get_template("page.html.j2").render(
        sections=[section(c, plots_dir) for c in comparisons],
        complaints=complaints,
        how_to_read=charts.HOW_TO_READ,
        unverified_note=charts.UNVERIFIED_NOTE,
        least_samples=LEAST_SAMPLES,
        light=charts.LIGHT,
        dark=charts.DARK,
        library=Markup(library()),
        specs=Markup(json.dumps(specs, sort_keys=True).replace("<", "\\u003c")),
    )


def themes(comparison: Comparison) -> dict:
    drawn = {}
    for name, theme in (("light", charts.LIGHT), ("dark", charts.DARK)):
        spec = charts.chart(comparison, theme).to_dict()
        del spec["title"]  # the page's heading says it
        drawn[name] = spec
    return drawn


def library() -> str:
    """Vega, Vega-Lite and vega-embed, such that they can't end the script element around them."""
    bundle = re.sub("</(?=script)", r"<\\/", vl_convert.javascript_bundle(), flags=re.IGNORECASE)
    return bundle.replace("<!--", r"<\!--")


def section(comparison: Comparison, plots_dir: Path) -> dict:
    rows = comparison.rows
    return {
        "comparison": comparison,
        "file_url": quote(comparison.file_stem),
        "rows": [table_row(row, rows[0], plots_dir) for row in rows],
        "measured": sum(row.result.measured for row in rows),
        "first": rows[0] if rows[0].result.ranked else None,
        "first_throughput": short(rows[0].result.throughput) if rows[0].result.ranked else "",
        "has_unverified": any(r.result.measured and not r.result.ranked for r in rows),
    }


def table_row(row: Row, first: Row, plots_dir: Path) -> dict:
    raw, verification = row.result.raw, row.result.raw.get("verification")
    times = row.result.times_s
    bytes_used = raw.get("peak_rss_bytes")
    error = verification.get("max_abs_error") if isinstance(verification, dict) else None
    median = statistics.median(times) if times else None
    compared = row.result.ranked and first.result.ranked
    return {
        "row": row,
        "throughput": short(row.result.throughput) if times else UNKNOWN,
        "median": short_time(median) if median else UNKNOWN,
        "p90": percentile(times, 90),
        "p99": percentile(times, 99),
        "times_best": f"{median * first.result.throughput:.2f}\u00d7" if compared else UNKNOWN,
        "load": short_time(raw["load_s"]) if is_positive(raw.get("load_s")) else UNKNOWN,
        "memory": f"{bytes_used / 2**20:,.0f} MiB" if is_positive(bytes_used) else UNKNOWN,
        "error": f"{error:.1e}" if is_number(error) else UNKNOWN,
        "experiments": len(times) or UNKNOWN,
        "json_url": relative_url(row.result.path, plots_dir),
        "log_url": log_url(row, plots_dir),
    }


def percentile(times: list[float], percent: int) -> str:
    if len(times) < LEAST_SAMPLES[percent]:
        return UNKNOWN
    return short_time(sorted(times)[math.ceil(percent * len(times) / 100) - 1])


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300


def is_positive(value: object) -> bool:
    return is_number(value) and value > 0


def relative_url(path: Path, plots_dir: Path) -> str:
    return quote(Path(os.path.relpath(path.resolve(), plots_dir.resolve())).as_posix())


def log_url(row: Row, plots_dir: Path) -> str:
    name = row.result.raw.get("log_path")
    if not isinstance(name, str) or not name or "/" in name or "\0" in name:
        return ""
    log = row.result.path.with_name(name)
    return relative_url(log, plots_dir) if log.is_file() else ""
