"""Reads a folder of results, ours (docs/results-format.md), those of the 2021 tool, published figures.

Whatever else ends in .json there is skipped with one sentence that says why.
"""

from __future__ import annotations

import math
import re
import statistics
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from json_files import NotAResult, json_files, read_object
from json_values import chosen_of, counted, is_number, is_positive, printable, shown, text_or

SCHEMA_VERSION = 1
MODES = ("latency", "load", "throughput")
MAX_CHARACTERS = 4096  # of a text that is shown
MAX_INFERENCES = 10**12  # in one time; as the next two those of src/results/stored_result.cpp
MAX_PROCESSES = 10**6  # and items in a batch
OUTCOMES = ("ok", "unsupported", "failed", "crashed", "timed_out", "out_of_memory", "wrong_output")
ENGINE_NAMES = {
    "onnxruntime": "ONNX Runtime",
    "openvino": "OpenVINO",
    "pytorch": "PyTorch",
    "tf": "TensorFlow",
    "tvm": "TVM",
    "tensorrt": "TensorRT",
}


# Minimum of samples for a percentile, docs/results-format.md.
MIN_SAMPLES = {90: 64, 99: 459}


@dataclass(frozen=True)
class Published:
    """A figure that someone printed or drew, without the samples behind it."""

    throughput_per_s: float
    plus_minus_per_s: float  # 0 where it was printed as a number
    bound: str  # at_least or below, where the source says no more; "" for a figure
    note: str


@dataclass
class Result:
    """One model on one engine. Times are those of one inference, in seconds."""

    path: Path
    model: str  # the model's file name
    instance: str
    backend: str
    backend_meta: str
    outcome: str
    verdict: str  # ok, wrong or unverified
    verdict_reason: str
    reason: str  # why there is no number; "" when ok
    times_s: list[float]  # in the order measured; empty unless ok and measured by the tool
    starts_s: list[float] | None  # of the times, since the run began, where that is known
    published: Published | None
    raw: dict = field(repr=False)  # the whole JSON

    @property
    def engine(self) -> str:
        return ENGINE_NAMES.get(self.backend, self.backend)

    @property
    def version(self) -> str:
        return text_or(self.raw.get("engine_version"), "")

    @property
    def mode(self) -> str:
        """latency (one request at a time), throughput or load; results of one are compared."""
        return text_or(self.raw.get("mode"), "latency")

    @property
    def traffic(self) -> dict:
        """What load mode adds (docs/results-format.md); empty in another mode."""
        found = self.raw.get("load")
        return found if self.mode == "load" and isinstance(found, dict) else {}

    @property
    def settings(self) -> str:
        """backend_meta without what is of the mode."""
        found = self.raw.get(self.mode)
        settings = found.get("settings") if isinstance(found, dict) else None
        return text_or(settings, self.backend_meta)

    @property
    def setting(self) -> dict:
        """The one that throughput mode chose; empty in another mode."""
        return chosen_of(self.raw.get("throughput"), "tried") if self.mode == "throughput" else {}

    @property
    def setting_words(self) -> str:
        """Of throughput mode, how the engine was set up: 2 processes × 1 thread, batch 4."""
        setting = self.setting
        if not setting:
            return ""
        words = f"{counted(self.streams, 'process', 'processes')} \u00d7 "
        threads = setting.get("threads")
        words += counted(threads if isinstance(threads, int) else 1, "thread", "threads")
        words += f", batch {self.batch}" if self.batch else ""
        return words.replace(" ", "\u00a0")  # in one line

    @property
    def file_name(self) -> str:
        return printable(self.path.name)

    @property
    def batch(self) -> int | None:
        """The size that was given to the inputs' batch dimension; None where none was."""
        return self.raw.get("batch")

    @property
    def streams(self) -> int:
        """Processes of the engine that worked at the same time."""
        return self.raw.get("streams", 1) if self.mode == "throughput" else 1

    @property
    def traffic_rates(self) -> list[dict]:
        """Every rate tried in load mode, each with a rate_per_s above 0."""
        found = self.traffic.get("rates")
        rates = (
            [rate for rate in found if isinstance(rate, dict)] if isinstance(found, list) else []
        )
        return [rate for rate in rates if is_positive(rate.get("rate_per_s"))]

    @property
    def chosen_rate(self) -> dict:
        """The one of them that the result's requests and figures are of; empty in another mode."""
        rate = chosen_of(self.traffic, "rates")
        return rate if is_positive(rate.get("rate_per_s")) else {}

    @property
    def measured(self) -> bool:
        """Whether there is a figure to draw; a bound is not one, nor a rate that was not sustained."""
        carried = not self.traffic or is_positive(self.traffic.get("carried_per_s"))
        return self.outcome == "ok" and self.verdict != "wrong" and not self.statement and carried

    @property
    def statement(self) -> str:
        """What a published bound says: "at least 10/s"; "" for everything else."""
        if not self.published or not self.published.bound:
            return ""
        return f"{self.published.bound.replace('_', ' ')} {self.published.throughput_per_s:g}/s"

    @property
    def suspect(self) -> bool:
        """Whether something else used the machine while this was measured."""
        noise = self.raw.get("noise")
        return isinstance(noise, dict) and noise.get("suspect") is True

    @property
    def why_suspect(self) -> str:
        """One sentence; "" in files that don't say."""
        noise = self.raw.get("noise")
        reason = text_or(noise.get("reason"), "") if isinstance(noise, dict) else ""
        return f"{reason[:1].upper()}{reason[1:]}." if reason else ""

    @property
    def ranked(self) -> bool:
        return self.measured and not self.why_unranked

    @property
    def why_unranked(self) -> str:
        """In two words why a result with a figure has no rank; "" where it has one."""
        if self.suspect:
            return "busy machine"
        if self.accepted is False:
            return "not accepted"
        return "" if self.verdict == "ok" else "not verified"

    @property
    def of_2021(self) -> bool:
        return "schema_version" not in self.raw

    @cached_property
    def throughput(self) -> float:
        """Inferences per second, one at a time: 1 / median time, or as published."""
        if self.published:
            return self.published.throughput_per_s
        stored = self.raw.get("throughput_per_s")
        if self.mode != "latency" and is_positive(stored):
            return stored
        return 1 / statistics.median(self.ordered_s)

    @property
    def median_s(self) -> float:
        """Of the times of an inference; of a published figure one over its throughput."""
        return statistics.median(self.ordered_s) if self.times_s else 1 / self.throughput

    @cached_property
    def ordered_s(self) -> list[float]:
        return sorted(self.times_s)

    @cached_property
    def throughput_range(self) -> tuple[float, float]:
        """The middle 90 % of the measurements; of fewer than 20, all. How exactly it could be read,
        where it was published. In throughput mode the 95 % interval of the mean; in load mode nothing."""
        if self.mode != "latency":
            low, high = self.setting.get("least_per_s"), self.setting.get("greatest_per_s")
            known = is_positive(low) and is_positive(high)
            return (low, high) if known else (self.throughput, self.throughput)
        if self.published:
            middle, error = self.published.throughput_per_s, self.published.plus_minus_per_s
            return max(middle - error, 0.0), middle + error
        ordered = self.ordered_s
        cut = len(ordered) // 20
        return 1 / ordered[-1 - cut], 1 / ordered[cut]

    @property
    def quantized(self) -> bool:
        # The 2021 tool stored true for `--quantize 0` too; its files' names are right.
        named = re.search(r"-quant=([01])-", self.path.name)
        if self.of_2021 and named:
            return named[1] == "1"
        return self.raw.get("quantize") is True

    @property
    def quantised_in_words(self) -> str:
        """ "" also where the precision says it already: int8, int8-dynamic."""
        said = str(self.raw.get("precision")).startswith("int8")
        return "quantised" if self.quantized and not said else ""

    @property
    def accepted(self) -> bool | None:
        """Whether a variant may stand in for the f32 model; None where there is no bound on its error.
        True of any other result."""
        if not self.acceptance:
            return True
        accepted = self.acceptance.get("accepted")
        return accepted if isinstance(accepted, bool) else None

    @property
    def acceptance(self) -> dict:
        """Empty where no variants were compared."""
        found = self.raw.get("acceptance")
        return found if isinstance(found, dict) else {}

    @property
    def not_accepted(self) -> str:
        """Why a variant may not stand in for the f32 model; "" for any other result."""
        if self.accepted:
            return ""
        reason = self.acceptance.get("reason")
        if reason:
            return f"a variant that is not accepted: {reason}"
        return (
            "a variant whose error nobody has accepted; measure it with --max-error or --max-drop"
        )


def read_results(folder: Path) -> tuple[list[Result], list[str]]:
    """The folder's results, and a sentence for each .json file that is none and each folder that can't
    be read. Throws OSError."""
    results, complaints = [], []

    def skip(path: Path, why: object) -> None:
        complaints.append(f"skipped {printable(str(path))}: {why}")

    for path in json_files(folder, skip):
        try:
            results.append(read_result(path))
        except NotAResult as why:
            skip(path, why)
    return results, complaints


def read_result(path: Path) -> Result:
    raw = read_object(path)
    strings = {key: raw.get(key) for key in ("model_path", "backend", "backend_meta")}
    for key, value in strings.items():
        if not isinstance(value, str) or (key != "backend_meta" and not value):
            raise NotAResult(f'it is not a result: it has no text under "{key}"')
        if len(value.encode()) > MAX_CHARACTERS:
            raise NotAResult(f'its "{key}" has more than {MAX_CHARACTERS} bytes')
    mode = raw.get("mode", "latency")
    if mode not in MODES:
        raise NotAResult(f"its mode {shown(mode)} is none of {', '.join(MODES)}")
    version = raw.get("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        raise NotAResult(
            f"its schema_version is {shown(version)}, this program reads {SCHEMA_VERSION}"
        )
    outcome = raw.get("outcome", "ok")
    if outcome not in OUTCOMES:
        raise NotAResult(f"its outcome {shown(outcome)} is not one of {', '.join(OUTCOMES)}")
    verdict, verdict_reason = read_verdict(raw)
    read_count(raw, "number", MAX_INFERENCES)
    read_count(raw, "batch", MAX_PROCESSES)
    if mode == "throughput" and outcome == "ok":
        read_count(raw, "streams", MAX_PROCESSES)
    published = read_published(raw) if outcome == "ok" and is_published(raw) else None
    times_s = read_times(raw) if outcome == "ok" and not published else []
    return Result(
        path=path,
        model=strings["model_path"].replace("\\", "/").rstrip("/").split("/")[-1],
        instance=text_or(raw.get("instance"), printable(path.absolute().parent.name) or "unknown"),
        backend=strings["backend"],
        backend_meta=strings["backend_meta"],
        outcome=outcome,
        verdict=verdict,
        verdict_reason=verdict_reason,
        reason=text_or(raw.get("reason"), ""),
        times_s=times_s,
        starts_s=read_starts(raw, len(times_s)),
        published=published,
        raw=raw,
    )


def read_verdict(raw: dict) -> tuple[str, str]:
    if is_published(raw):
        return "unverified", "A published figure: nobody compared the outputs."
    if "schema_version" not in raw:
        return "unverified", "The 2021 tool did not compare outputs."
    found = raw.get("verification")
    verdict = found.get("verdict") if isinstance(found, dict) else None
    if verdict not in ("ok", "wrong", "unverified"):
        raise NotAResult('it has no verdict under "verification"')
    return verdict, text_or(found.get("reason"), "")


def read_count(raw: dict, key: str, most: int) -> int:
    """1 where the file does not say."""
    found = raw.get(key, 1)
    if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= most:
        raise NotAResult(f'its "{key}" is {shown(found)}, not a whole number from 1 to {most}')
    return found


def read_times(raw: dict) -> list[float]:
    """Seconds per inference: the 2021 tool's data are the times of `number` inferences."""
    number, data = read_count(raw, "number", MAX_INFERENCES), raw.get("data")
    if not isinstance(data, list) or not data:
        raise NotAResult('it has no measurements under "data"')
    numbers = set(map(type, data)) <= {int, float}
    if numbers and 1e-12 < min(data) and max(data) < 1e12 and not math.isnan(sum(data)):
        return data if number == 1 else [value / number for value in data]
    for value in data:  # says which
        if not is_positive(value):
            raise NotAResult(f'under "data" stands {shown(value)}, not a time in seconds')
    return [value / number for value in data]


def read_starts(raw: dict, count: int) -> list[float] | None:
    found = raw.get("start_s")
    if not isinstance(found, list) or len(found) != count:
        return None
    rising = all(is_number(a) and is_number(b) and 0 <= a <= b for a, b in zip(found, found[1:]))
    return found if count > 1 and rising else None


def is_published(raw: dict) -> bool:
    return "schema_version" not in raw and isinstance(raw.get("published"), dict)


def read_published(raw: dict) -> Published:
    found = raw["published"]
    throughput, error = found.get("throughput_per_s"), found.get("plus_minus_per_s")
    bound = found.get("bound")
    if not is_positive(throughput):
        raise NotAResult(
            f'"published" has the throughput {shown(throughput)}, not a number above 0'
        )
    if error is not None and not (is_number(error) and 0 < error < 1e12):
        raise NotAResult(f'"published" is plus or minus {shown(error)}, not a number above 0')
    if bound not in (None, "at_least", "below"):
        raise NotAResult(f'"published" has the bound {shown(bound)}, not at_least or below')
    return Published(throughput, error or 0.0, bound or "", text_or(found.get("note"), ""))


def percentiles(ordered: list[float]) -> dict[str, float]:
    """Of sorted times: p50, and p90 and p99 by nearest rank where there are enough for them."""
    found = {"p50": statistics.median(ordered)}
    for percent, least in MIN_SAMPLES.items():
        if len(ordered) >= least:
            found[f"p{percent}"] = ordered[math.ceil(percent * len(ordered) / 100) - 1]
    return found
