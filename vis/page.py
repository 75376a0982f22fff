"""Writes index.html: all results in one file that works offline, with the pictures' shapes, the
figures they need, and the scripts of web/ inside."""

from __future__ import annotations

import functools
import json
import os
import re
from pathlib import Path
from urllib.parse import quote

import jinja2
import vl_convert
from markupsafe import Markup

import cost_chart
import price_charts
import sample_charts
import traffic_charts
from candidates import deployment, settings_of, words_of
from comparisons import Comparison, Row
from json_values import is_number, is_positive, text_or
from machines import Fleet
from plans import Candidate
from read_results import MIN_SAMPLES, Result, percentiles
from themes import DARK, LIGHT, Theme, finished

# Of load mode with a bound on p99: the bound, and between which rates the highest surely lies.
FOUND_BY_SEARCH = ("slo_p99_s", "surely_carried_per_s", "surely_not_per_s")
WEB = Path(__file__).resolve().parent / "web"
SCRIPTS = (
    "words.js",
    "plans.js",
    "notes.js",
    "rows.js",
    "verdict.js",
    "tables.js",
    "pictures.js",
    "page.js",
)


def page(
    models: list[Fleet],
    stems: set[str],
    complaints: list[str],
    plots_dir: Path,
    rates: list[float],
    price_notes: dict[str, str],
) -> str:
    """`stems`: of the pictures that lie or will lie beside the page. `price_notes`: by instance, when
    and where its price held."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(WEB),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    folder = Path(os.path.realpath(plots_dir))
    data = {"models": [model(fleet, stems, folder, rates, price_notes) for fleet in models]}
    return environment.get_template("index.html.j2").render(
        complaints=complaints,
        min_samples=MIN_SAMPLES,
        results=sum(len(c.rows) for fleet in models for c in fleet.comparisons),
        light=LIGHT,
        dark=DARK,
        style=Markup((WEB / "style.css").read_text(encoding="utf-8")),
        library=Markup(library()),
        scripts=[Markup((WEB / name).read_text(encoding="utf-8")) for name in SCRIPTS],
        shapes=embedded({"light": shapes(LIGHT), "dark": shapes(DARK)}),
        data=embedded(data),
    )


def embedded(value: object) -> Markup:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


def library() -> str:
    """Vega, Vega-Lite and vega-embed, such that they can't end the script element around them."""
    bundle = re.sub("</(?=script)", r"<\\/", vl_convert.javascript_bundle(), flags=re.IGNORECASE)
    return bundle.replace("<!--", r"<\!--")


def shapes(theme: Theme) -> dict[str, dict]:
    """The pictures without data, which the page's scripts put in under these names."""
    drawings = {
        "by-price": price_charts.by_price(theme),
        "stacks": price_charts.stacks(theme),
        "cost": cost_chart.cost(theme),
        "distribution": sample_charts.distribution("TIME", theme),
        "course": sample_charts.course("WHEN", "TIME", theme),
    }
    return {name: finished(d, theme).to_dict(validate=False) for name, d in drawings.items()}


def model(
    fleet: Fleet, stems: set[str], folder: Path, rates: list[float], price_notes: dict[str, str]
) -> dict:
    planned = {id(row): plan_facts(row, candidate, fleet) for row, candidate in fleet.candidates}
    out = {id(row): reason for row, reason in fleet.out}
    words = words_of(row for row, _ in (*fleet.candidates, *fleet.out))
    comparison_of = {comparison.instance: comparison for comparison in fleet.comparisons}

    def machine(instance: str, usd_per_hour: float | None) -> dict:
        comparison = comparison_of.get(instance)
        rows = comparison.rows if comparison else []
        own = set(map(id, rows))
        # A run ranks within a batch; several are compared by their items per second.
        batches = comparison is not None and comparison.has_batches
        against = {} if batches else against_the_best(rows)
        vs_best = ratios_to_the_best(rows) if against else {}
        return {
            "instance": instance,
            "usd_per_hour": usd_per_hour,
            "price_note": price_notes.get(instance, "") if usd_per_hour is not None else "",
            "conditions": comparison.conditions if comparison else "",
            "pictures": picture_links(comparison, stems) if comparison else {},
            "by_precision": ranked_by_precision(rows),
            "rows": [
                row_data(row, words, planned.get(id(row)), out.get(id(row)), folder)
                | (in_items(row, comparison.factor(row)) if batches and row.result.measured else {})
                | ({"against": against[id(row)]} if id(row) in against else {})
                | ({"vs_best": vs_best[id(row)]} if id(row) in vs_best else {})
                for row in rows
            ],
            # Measured in another mode: planned with, but in no table of times.
            "served": [
                row_data(row, words, planned[id(row)], None, folder)
                for row, candidate in fleet.candidates
                if candidate.instance == instance and id(row) not in own
            ],
        }

    names = {name: f"{fleet.file_stem}-{name}" for name in price_charts.PICTURES}
    return {
        "name": fleet.label,
        "mode": fleet.mode,
        "rates": rates or fleet.usual_rates,
        "pictures": {name: quote(stem) for name, stem in names.items() if stem in stems},
        "machines": [machine(m.instance, m.usd_per_hour) for m in fleet.machines],
    }


def picture_links(comparison: Comparison, stems: set[str]) -> dict[str, str]:
    figures = "traffic" if traffic_charts.can_be_drawn(comparison) else "throughput"
    others = {name: f"{comparison.file_stem}-{name}" for name in ("batches", "times")}
    names = {figures: comparison.file_stem} | others
    return {name: quote(stem) for name, stem in names.items() if stem in stems}


def against_the_best(rows: list[Row]) -> dict[int, str]:
    """In words, by row, what the run's ranking says; empty where there is no one ranking of all of
    them: then only their medians can be compared."""
    ranked = [row for row in rows if row.result.ranked]
    rankings = [row.result.raw.get("ranking") for row in ranked]
    if not in_one_run(ranked) or not all(isinstance(one, dict) for one in rankings):
        return {}
    if sum(ranking.get("relation") == "best" for ranking in rankings) > 1:
        return {}
    return {id(row): standing(ranking) for row, ranking in zip(ranked, rankings)}


def in_one_run(rows: list[Row]) -> bool:
    runs = {text_or(row.result.raw.get("run_id"), "") for row in rows}
    return len(runs) == 1 and "" not in runs


def ranked_by_precision(rows: list[Row]) -> bool:
    """Whether one run ranked them within each precision alone, as without a bound on the variants'
    error."""
    ranked = [row for row in rows if row.result.ranked]
    return in_one_run(ranked) and any(row.result.accepted is None for row in ranked)


def ratios_to_the_best(rows: list[Row]) -> dict[int, float]:
    """The same as numbers; empty where one of them has none."""
    ratios = {id(r): r.result.raw["ranking"].get("vs_best") for r in rows if r.result.ranked}
    return ratios if all(map(is_positive, ratios.values())) else {}


def standing_facts(row: Row) -> dict | None:
    """What the page's first lines say of it; None for a result without a rank of its run."""
    ranking = row.result.raw.get("ranking")
    if not row.result.ranked or not isinstance(ranking, dict):
        return None
    probability = ranking.get("probability")
    return {
        "relation": text_or(ranking.get("relation"), ""),
        "probability": probability if is_number(probability) else 0,
        "interval": interval_of(ranking),
    }


def p99_under_traffic(result: Result) -> dict | None:
    """Of load mode: the 99th percentile at the rate whose requests the result holds, with its
    interval (high: None where it has no upper end). A higher rate may have missed the bound."""
    rate = result.chosen_rate
    if not is_positive(rate.get("p99_s")):
        return None
    low, high = rate.get("p99_at_least_s"), rate.get("p99_at_most_s")
    return {
        "rate_per_s": rate["rate_per_s"],
        "s": rate["p99_s"],
        "low_s": low if is_positive(low) else None,
        "high_s": high if is_positive(high) else None,
    }


def provenance(result: Result) -> str:
    """When and where a figure comes from: "measured 2026-11-23, results/x.json"."""
    if result.published:
        source = result.raw["published"].get("source")
        return f"published: {text_or(source, result.file_name)}"
    date = text_or(result.raw.get("started_at"), "")[:10]
    return f"measured {date}, {result.file_name}" if date else result.file_name


def standing(ranking: dict) -> str:
    """As in the table of a run: 1.00×, tie, 1.27× [1.24, 1.31]."""
    if ranking.get("relation") == "tie":
        return "tie"
    ratio, ends = ranking.get("vs_best"), interval_of(ranking)
    words = f"{ratio:.2f}×" if is_number(ratio) else "?"
    if ranking.get("relation") == "best":
        return words
    return f"{words} [{ends[0]:.2f}, {ends[1]:.2f}]" if ends else f"{words} [?]"


def interval_of(ranking: dict) -> list[float] | None:
    """Of the ratio to the best of its run; None with too few blocks."""
    found = ranking.get("vs_best_interval")
    known = isinstance(found, list) and len(found) == 2 and all(map(is_number, found))
    return found if known else None


def plan_facts(row: Row, candidate: Candidate, fleet: Fleet) -> dict:
    """What plans are made of, and what their notes need."""
    measured = [] if candidate.only_under_traffic else fleet.per_s.get(deployment(row.result), [])
    return vars(candidate) | {
        "number": row.result.raw.get("number", 1),  # of inferences in each time
        "per_s": [digits(per_s) for per_s in measured],
    }


def row_data(
    row: Row, words: dict[tuple, str], planned: dict | None, out: str | None, folder: Path
) -> dict:
    """What the page shows of a result; what is not known is left out."""
    result, raw = row.result, row.result.raw
    verification = raw.get("verification")
    error = verification.get("max_rel_error") if isinstance(verification, dict) else None
    known = {
        "engine": row.name,
        "detail": row.detail,
        "settings": settings_of(result),
        "words": words[deployment(result)],
        "status": row.status,
        "kind": "none" if not result.measured else "verified" if result.ranked else "unverified",
        "bound": bool(result.statement) or None,
        "reason": row.reason,
        "measurements": len(result.times_s),
        "from": provenance(result),
        "date": text_or(raw.get("started_at"), "")[:10],
        "standing": standing_facts(row),
        "p99": p99_under_traffic(result) if result.measured else None,
        **{name: positive(result.traffic.get(name)) for name in FOUND_BY_SEARCH},
        "load_s": converted_and_loaded_s(raw),
        "memory_bytes": positive(raw.get("peak_rss_bytes")),
        "error": error if is_number(error) else None,
        "json": relative_url(result.path, folder),
        "log": log_url(result.path, raw.get("log_path"), folder),
        "plan": planned,
        "out": out,
        **(figures(row) if result.measured else {}),
    }
    return {name: value for name, value in known.items() if value not in (None, "")}


def figures(row: Row) -> dict:
    result = row.result
    low, high = result.throughput_range
    found = {"throughput": digits(result.throughput), "low": digits(low), "high": digits(high)}
    if result.mode == "throughput":
        found["unit"] = "items/s"
    if result.published:
        return found | {"published": True, "latency_s": {"mean": digits(1 / result.throughput)}}
    found["latency_s"] = {
        name: digits(value) for name, value in percentiles(result.ordered_s).items()
    }
    if sample_charts.has_samples(row):
        found["bins"] = sample_charts.histogram(result.ordered_s)
        found["when"] = sample_charts.course_axis(result)
        found["blocks"] = blocks(result)
    return found


def in_items(row: Row, factor: int) -> dict:
    """A row's throughput in items per second, without its rank among those of its batch."""
    low, high = row.result.throughput_range
    rates = {"throughput": row.result.throughput, "low": low, "high": high}
    found = {name: digits(factor * value) for name, value in rates.items()}
    return found | {"standing": None, "unit": "items/s"}


def blocks(result: Result) -> dict:
    """The drift's columns, times as whole multiples of a unit: a quarter of the text of fractions."""
    found = sample_charts.drift(result)
    unit_s = result.times_s[0] / 10_000
    columns = {
        name: [round(block[f"{name}_s"] / unit_s) for block in found]
        for name in ("median", "low", "high")
    }
    columns["part"] = [block["part"] for block in found]
    return {"unit_s": unit_s, "at": [round(block["at"], 2) for block in found], **columns}


def digits(value: float) -> float:
    """Enough of a figure for a picture; what plans are made of keeps all of them."""
    return float(f"{value:.5g}")


def positive(value: object) -> float | None:
    return value if is_number(value) and value > 0 else None


def converted_and_loaded_s(raw: dict) -> float | None:
    """The time from the model's file to the first inference, as in the table of a run."""
    load_s, convert_s = positive(raw.get("load_s")), positive(raw.get("convert_s"))
    return load_s + (convert_s or 0) if load_s else None


def relative_url(path: Path, folder: Path) -> str:
    return quote(os.fsencode(f"{relative_folder(str(path.parent), str(folder))}/{path.name}"))


@functools.cache  # results of a machine lie in one folder
def relative_folder(parent: str, folder: str) -> str:
    return Path(os.path.relpath(os.path.realpath(parent), folder)).as_posix()


def log_url(path: Path, name: object, folder: Path) -> str:
    if not isinstance(name, str) or not name or "/" in name:
        return ""
    log = path.parent / name
    return relative_url(log, folder) if os.path.isfile(log) else ""  # also of what is no name
