"""Candidates for plans: for each engine with its settings on each instance the newest result, as
docs/advising.md says. What is ruled out has a reason."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

from comparisons import Comparison, Row
from json_values import is_positive, text_or
from labels import OF_THE_MODE, settings_in_words
from plans import Candidate
from read_results import Result

MIN_FOR_P99 = 459  # measurements, docs/results-format.md
MAX_BATCHES = 20
# Student's t: the 97.5th percentile with 1 to 19 degrees of freedom.
T_975 = (
    12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157,
    2.228139, 2.200985, 2.178813, 2.160369, 2.144787, 2.131450, 2.119905, 2.109816, 2.100922,
    2.093024,
)  # fmt: skip


def candidates(
    comparisons: Iterable[Comparison], usd_per_hour: dict[str, float]
) -> tuple[list[tuple[Row, Candidate]], list[tuple[Row, str]]]:
    """Of one model's comparisons, of all modes: the candidates, those without a price too, and each
    row that is none with the reason."""
    rows = [row for comparison in comparisons for row in comparison.rows]
    words = words_of(rows)
    under_traffic = [row.result for row in rows if row.result.mode == "load"]
    shapes = shapes_that_count([row.result for row in rows])
    rates = measured_rates(under_traffic, shapes)
    found, out = [], []
    for what, group in grouped(rows).items():
        if len(group) > 1:
            group.sort(key=lambda row: age_order(row.result))
        *older, newest = group
        older = [row for row in older if row.result.mode == newest.result.mode]
        out += [
            (row, "a newer result, or one from a quiet machine, is used instead") for row in older
        ]
        measured = rates.get(what, ())
        reason = why_not(newest.result, shapes, measured)
        if reason:
            out.append((newest, reason))
        else:
            usd = usd_per_hour.get(newest.result.instance)
            found.append((newest, candidate(newest, usd, words[what], measured)))
    return found, out


def words_of(rows: Iterable[Row]) -> dict[tuple, str]:
    """By deployment, its settings as people read them: only what differs among the rows."""
    results = {deployment(row.result): row.result for row in rows}
    own = settings_in_words([result.raw for result in results.values()], OF_THE_MODE)
    return {
        what: ", ".join(filter(None, [words, result.quantised_in_words]))
        for (what, result), words in zip(results.items(), own)
    }


def deployment(result: Result) -> tuple:
    """What is deployed, in whatever mode it was measured."""
    return (result.instance, result.backend, result.settings, result.quantized)


def carried_per_s(rates: Iterable[tuple[float, float | None]]) -> float:
    """The highest rate up to which every measured rate was sustained; 0 if there is none."""
    carried = 0.0
    for rate_per_s, p99_s in rates:
        if p99_s is None:
            break
        carried = rate_per_s
    return carried


def measured_rates(results: Iterable[Result], shapes: set[str]) -> dict[tuple, tuple]:
    """By deployment, the rates measured with the 99th percentile of latency: those of the newest
    result and of older ones that were measured alike. Of one rate the newest measurement counts; an
    overload does not where a newer result sustained as much."""
    groups: dict[tuple, list[Result]] = defaultdict(list)
    for result in sorted(results, key=age_order):
        wrong = result.outcome != "ok" or result.verdict == "wrong"
        if not wrong and not result.suspect and shape_of(result) in shapes and known_rates(result):
            groups[deployment(result)].append(result)
    found = {}
    for what, group in groups.items():
        rates: dict[float, float | None] = {}
        for result in group:
            if measured_with(result) != measured_with(group[-1]):
                continue
            own = known_rates(result)
            sustained = carried_per_s(sorted(own.items()))
            rates = {r: p99_s for r, p99_s in rates.items() if p99_s is not None or r > sustained}
            rates |= own
        found[what] = tuple(sorted(rates.items()))
    return found


def known_rates(result: Result) -> dict[float, float | None]:
    """Each with the 99th percentile of latency; None where it is more than the engine can do."""
    known: dict[float, float | None] = {}
    for rate in result.traffic_rates:
        p99_s = rate.get("p99_s")
        if rate.get("verdict") == "overloaded":
            known[rate["rate_per_s"]] = None
        elif rate.get("verdict") == "carried" and is_positive(p99_s):
            known[rate["rate_per_s"]] = p99_s
    return known


def measured_with(result: Result) -> tuple:
    """The library, the file, and the numbers of threads and cores: rates that differ in one of them
    don't belong together."""
    own = [result.raw.get(key) for key in ("engine_version", "model_sha256", "threads")]
    return (*own, *(environment(result).get(k) for k in ("affinity_cores", "cgroup_cpu_quota")))


def environment(result: Result) -> dict:
    found = result.raw.get("environment")
    return found if isinstance(found, dict) else {}


def grouped(rows: list[Row]) -> dict[tuple, list[Row]]:
    groups = defaultdict(list)
    for row in rows:
        groups[deployment(row.result)].append(row)
    return groups


def age_order(result: Result) -> tuple:
    """The one that counts last: suspect ones first; of the others load mode, then throughput mode,
    then those measured one request at a time; of one mode the oldest first."""
    started = text_or(result.raw.get("started_at"), "")
    kind = (not result.suspect, result.mode == "latency", result.mode != "load")
    return (*kind, started, result.path.stat().st_mtime, str(result.path))


def serves_batches(result: Result) -> bool:
    return (result.batch or 1) > 1


def why_not(result: Result, shapes: set[str], rates: tuple) -> str:
    if result.outcome != "ok":
        return result.outcome.replace("_", " ")
    if result.verdict == "wrong":
        return "its outputs were wrong"
    if result.not_accepted:
        return result.not_accepted
    if result.suspect:
        return "the machine was busy with something else: measure again"
    if "-io=device" in result.backend_meta:
        return "its data stayed on the GPU: what a caller waits for was not measured"
    if serves_batches(result):
        return "serves batches; how long requests wait for a batch to fill was not measured"
    if shape_of(result) not in shapes:
        return "another input shape than the other results of the model"
    if result.mode == "load" and carried_per_s(rates) == 0:
        return "it sustained no rate with a known 99th percentile"
    if result.published and result.published.bound == "below":
        return f"only known to be {result.statement}"
    if interval_of(result, rates)[0] <= 0:
        return "too inexact: its interval reaches down to zero"
    return ""


def shapes_that_count(results: list[Result]) -> set[str]:
    """The input shapes of the task: those of the results without settings of their own for them; if
    there is none, of all; "" for files that don't say. Of no result where these differ."""
    results = [r for r in results if r.outcome == "ok" and not serves_batches(r)]
    plain = {shape_of(r) for r in results if not has_own_shape(r)}
    counting = plain or {shape_of(r) for r in results}
    return counting if len(counting - {""}) <= 1 else set()


def has_own_shape(result: Result) -> bool:
    """An array given as input brings its own shape."""
    return any(s in result.settings for s in ("-shape=", "-batch=", "-input=", "-test-data="))


def shape_of(result: Result) -> str:
    shapes = result.raw.get("input_shapes")
    return repr(sorted(shapes.items())) if isinstance(shapes, dict) else ""


def settings_of(result: Result) -> str:
    return result.settings + ("-quantised" if result.quantized else "")


def candidate(
    row: Row, usd_per_hour: float | None, words: str = "", measured_rates: tuple = ()
) -> Candidate:
    result, under_traffic = row.result, row.result.mode == "load"
    times = [] if under_traffic else result.times_s  # a latency under traffic includes waiting
    bound = bool(result.published and result.published.bound)
    low, high = interval_of(result, measured_rates)
    cores, machine_cores = cores_of(result)
    return Candidate(
        instance=result.instance,
        engine=result.backend,
        settings=settings_of(result),
        usd_per_hour=usd_per_hour,
        mean_s=mean_of(result, measured_rates),
        mean_square_s2=math.fsum(t * t for t in times) / len(times) if times else None,
        slowest_s=slowest(result.ordered_s) if times else None,
        measurements=len(times),
        low_per_s=low,
        high_per_s=high,
        single_only=bound,
        verified=result.verdict == "ok",
        measured_rates=measured_rates,
        servers=result.streams,
        only_under_traffic=under_traffic,
        lacks_interval=result.mode == "throughput" and windows_interval(result) is None,
        cores=cores,
        machine_cores=machine_cores,
        words=words,
    )


def mean_of(result: Result, rates: tuple) -> float:
    """One over the throughput of one machine."""
    if result.mode == "load":
        return 1 / carried_per_s(rates)
    if result.published or result.mode == "throughput":
        return 1 / result.throughput
    return math.fsum(result.times_s) / len(result.times_s)


def slowest(ordered: list[float]) -> float:
    """Of sorted times: the 99th percentile, or of too few the largest, which lies above it."""
    few = len(ordered) < MIN_FOR_P99
    return ordered[-1] if few else ordered[math.ceil(0.99 * len(ordered)) - 1]


def cores_of(result: Result) -> tuple[float | None, float | None]:
    """With how many cores of its machine it was measured, or how many its cgroup's quota is worth,
    and how many the machine has; None where that is not known."""
    keys = ("logical_cores", "affinity_cores", "cgroup_cpu_quota")
    found = [environment(result).get(key) for key in keys]
    machine, cores, quota = (value if is_positive(value) else None for value in found)
    return (min(cores, quota) if cores and quota else cores), machine


def windows_interval(result: Result) -> tuple[float, float] | None:
    """Of throughput mode; None where there were too few windows for one, and in other modes."""
    low, high = result.setting.get("least_per_s"), result.setting.get("greatest_per_s")
    return (low, high) if is_positive(low) and is_positive(high) else None


def interval_of(result: Result, rates: tuple = ()) -> tuple[float, float | None]:
    """Of the throughput, as docs/advising.md derives it; None where it has no upper end. The
    throughput itself where nothing is known of it."""
    if result.mode != "latency":
        alone = 1 / mean_of(result, rates)
        return windows_interval(result) or (alone, alone)
    if result.published:
        middle, error = result.published.throughput_per_s, result.published.plus_minus_per_s
        return middle - error, middle + error
    times, batches = result.times_s, min(len(result.times_s), MAX_BATCHES)
    mean = math.fsum(times) / len(times)
    if batches == 1:
        return 1 / mean, 1 / mean
    edges = [i * len(times) // batches for i in range(batches + 1)]
    means = [math.fsum(times[b:e]) / (e - b) for b, e in zip(edges, edges[1:])]
    middle = math.fsum(means) / batches
    deviation = math.sqrt(math.fsum((m - middle) ** 2 for m in means) / (batches - 1))
    half = T_975[batches - 2] * deviation / math.sqrt(batches)
    return 1 / (mean + half), 1 / (mean - half) if mean > half else None
