"""Groups results into comparisons: one model on one machine, one engine per row."""

from __future__ import annotations

import math
import re
import textwrap
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import chain

from json_values import text_or
from labels import settings_in_words
from read_results import Result

OUTCOME_WORDS = {
    "unsupported": "Unsupported",
    "failed": "Failed",
    "crashed": "Crashed",
    "timed_out": "Timed out",
    "out_of_memory": "Out of memory",
    "wrong_output": "Wrong output",
    "ok": "Wrong output",  # a result that calls itself ok with a wrong verdict
}


# By why_unranked.
STATUS = {
    "": "Verified",
    "busy machine": "Suspect",
    "not accepted": "Not accepted",
    "not verified": "Unverified",
}
BUSY = "Other programs used the machine while this was measured."


@dataclass
class Row:
    name: str  # the engine, as people call it
    detail: str  # what distinguishes this row from the others: version, variant, settings
    result: Result

    @property
    def label(self) -> str:
        return f"{self.name} {self.detail}".strip()

    @property
    def words(self) -> str:
        """What stands where there is no figure."""
        statement = self.result.statement
        if self.result.outcome == "ok" and self.result.verdict != "wrong" and self.result.traffic:
            return "Not sustained"
        return statement[:1].upper() + statement[1:] or OUTCOME_WORDS[self.result.outcome]

    @property
    def status(self) -> str:
        """One or two words for tables: verified, unverified, crashed, ..."""
        return STATUS[self.result.why_unranked] if self.result.measured else self.words

    @property
    def reason(self) -> str:
        result = self.result
        if result.statement:
            return result.published.note or result.verdict_reason
        if result.measured:
            return {
                "Suspect": result.why_suspect or BUSY,
                "Not accepted": text_or(result.acceptance.get("reason"), ""),
            }.get(self.status, result.verdict_reason)
        return result.reason or result.verdict_reason or text_or(result.traffic.get("reason"), "")


@dataclass
class Comparison:
    model: str
    instance: str
    file_stem: str  # of its pictures: <model>-<instance>
    conditions: str  # processor, threads, precision
    rows: list[Row]  # those with a rank, the fastest first; those without; those without a number
    mode: str = "latency"

    @property
    def title(self) -> str:
        mode = "" if self.mode == "latency" else f", {self.mode} mode"
        return f"{model_name(self.model)} on {self.instance}{mode}"

    @property
    def has_batches(self) -> bool:
        return has_batches([row.result for row in self.rows])

    @property
    def in_items(self) -> bool:
        """Whether items per second are compared; throughput mode has stored them."""
        return self.mode == "throughput" or self.has_batches

    def factor(self, row: Row) -> int:
        """What turns inferences per second into what is compared: the batch, or 1."""
        return (row.result.batch or 1) if self.has_batches else 1


def has_batches(results: list[Result]) -> bool:
    """Whether they differ in the batch, so that only items per second can be compared."""
    return results[0].mode == "latency" and len({r.batch or 1 for r in results}) > 1


def marked(name: str, results: list[Result]) -> str:
    """With why there is no rank where a result has none: OpenVINO (not verified)."""
    why = sorted({r.why_unranked for r in results} - {""})
    return f"{name} ({', '.join(why)})" if why else name


def model_name(model: str) -> str:
    """As people say it: without .onnx."""
    return model.removesuffix(".onnx") or model


def compare(results: list[Result]) -> list[Comparison]:
    """All comparisons, by model, then machine."""
    groups = defaultdict(list)
    for result in results:
        sha256 = text_or(result.raw.get("model_sha256"), "")
        groups[result.model, result.instance, result.mode, sha256].append(result)
    found = sorted(groups.items(), key=lambda group: group[0])
    stems = unique([stem(model, instance, mode) for (model, instance, mode, _), _ in found])
    return [
        Comparison(model, instance, name, conditions(group), rows(group), mode)
        for ((model, instance, mode, _), group), name in zip(found, stems)
    ]


def stem(model: str, instance: str, mode: str) -> str:
    return file_name(f"{model_name(model)}-{instance}" + ("" if mode == "latency" else f"-{mode}"))


def rows(group: list[Result]) -> list[Row]:
    batches = has_batches(group)
    ordered = sorted(group, key=lambda r: order(r, (r.batch or 1) if batches else 1))
    words = settings_in_words([result.raw for result in ordered], said_otherwise(ordered))
    details = [detail(result, own) for result, own in zip(ordered, words)]
    counts = Counter((r.backend, text) for r, text in zip(ordered, details))
    return [
        Row(r.engine, text if counts[r.backend, text] == 1 else f"{text}, {r.file_name}", r)
        for r, text in zip(ordered, details)
    ]


def order(result: Result, items: int) -> tuple:
    """`items`: of an inference, where they are compared."""
    kind = 0 if result.ranked else 1 if result.measured else 2
    return (kind, -items * result.throughput if result.measured else 0, result.engine, result.path)


def said_otherwise(group: list[Result]) -> tuple[str, ...]:
    """The version; of throughput mode what each row chose."""
    chosen = ("processes", "threads", "batch") if group[0].mode == "throughput" else ()
    return ("version", *chosen)


def detail(result: Result, words: str) -> str:
    parts = [result.version, words, result.setting_words, *surprises(result.raw)]
    parts.append(result.quantised_in_words)
    return ", ".join(part for part in parts if part)


def surprises(raw: dict) -> list[str]:
    """Precision and threads in force, where they are not those that were asked for."""
    in_force = raw.get("in_force")
    if not isinstance(in_force, dict):
        return []
    precision, threads = in_force.get("precision"), in_force.get("threads")
    computed = "precision in force unknown" if precision == "unknown" else f"in\u00a0{precision}"
    return [
        computed if precision and precision != raw.get("precision") else "",
        f"{threads} threads in force" if threads and threads != raw.get("threads") else "",
    ]


def conditions(group: list[Result]) -> str:
    """What held for all: "AMD EPYC 7R32, 2 threads, f32". Empty for files of the 2021 tool."""
    environments = [r.raw.get("environment") for r in group]
    processors = [e.get("cpu_model") for e in environments if isinstance(e, dict)]
    # In throughput mode each row says its own.
    threads = values(r.raw.get("threads") for r in group if r.mode != "throughput")
    parts = [
        " and ".join(values(processors)),
        f"{' or '.join(threads)} {'thread' if threads == ['1'] else 'threads'}" if threads else "",
        precision(values(r.raw.get("precision") for r in group)),
    ]
    return ", ".join(part for part in parts if part)


def precision(found: list[str]) -> str:
    return "f32 unless the row says otherwise" if len(found) > 1 else "".join(found)


def values(found: object) -> list[str]:
    return sorted({str(value) for value in found if isinstance(value, (str, int)) and value})


def file_name(text: str) -> str:
    """Short enough for every file system, which count bytes."""
    return re.sub(r"[^\w.+-]", "_", text).encode()[:200].decode(errors="ignore")


def unique(names: list[str]) -> list[str]:
    """Two models of one name, or names that only differ in odd characters: name, name-2."""
    answer: list[str] = []
    taken: set[str] = set()
    for name in names:
        others = (f"{name}-{i}" for i in range(2, len(names) + 2))
        answer.append(next(n for n in chain([name], others) if n.lower() not in taken))
        taken.add(answer[-1].lower())
    return answer


def wrap(text: str, width: int, max_lines: int) -> list[str]:
    """At most `max_lines` lines of `width` characters, cut with an ellipsis; long words are broken."""
    pieces = re.sub(r"(?<=[-+,/])(?=[^ \u00a0])", "\u200b", text)
    lines: list[str] = []
    for word in re.split(r"(?<= )|\u200b", pieces):
        for part in textwrap.wrap(word, width, drop_whitespace=False) or [word]:
            if lines and len((lines[-1] + part).rstrip()) <= width:
                lines[-1] += part
            else:
                lines.append(part)
    lines = [line.rstrip() for line in lines]
    if len(lines) > max_lines:
        lines = lines[:max_lines]
        lines[-1] = lines[-1][: width - 1] + "\u2026"
    return lines or [""]


def short(value: float) -> str:
    """Three digits, or all before the point, in plain notation: 1,234  30.4  1.00  0.0123."""
    if value >= 99.95:
        return f"{value:,.0f}"
    decimals = 2 - math.floor(math.log10(value))
    rounded = round(value, decimals)  # 9.996 has a digit more once it is rounded
    return f"{value:.{2 - math.floor(math.log10(rounded))}f}"


def short_time(seconds: float) -> str:
    """As in the table of a run (src/results/units.cpp): 1.00 s, not 1,000 ms."""
    for unit, size in (("s", 1), ("ms", 1e-3), ("\u00b5s", 1e-6)):
        if seconds >= 0.9995 * size:
            return f"{short(seconds / size)} {unit}"
    return f"{short(seconds / 1e-9)} ns"
