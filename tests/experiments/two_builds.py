#!/usr/bin/env python3
"""Whether a change of the tool's own code changed what it measures: two builds in turns.

    tests/experiments/two_builds.py OLD/build/release/bin NEW/build/release/bin RESULTS MODEL...
        [--passes=N] [-- FLAGS]

RESULTS is a folder; what is in it already from an interrupted experiment is not measured again. A
pass runs each model by one build, then by the other; which is first changes from pass to pass, so
that a machine whose speed drifts hits both alike. Prints a line per model and engine: both outcomes,
verdicts and errors (of the first pass), the ratio of new to old medians (the median over passes, with
an interval of at least 95 % by order statistics), and both conversion times (the least). At the end
the ratio of all: the geometric mean, with a 95 % interval over passes.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

# Student's t, 97.5 %, by degrees of freedom from 1.
T = [12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13]


def run(programs: Path, model: str, flags: list[str], folder: Path) -> dict[str, dict]:
    """Every result by engine."""
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=folder.parent) as unfinished:
            output = Path(unfinished) / "results"
            subprocess.run(
                [programs / "dnnbench", "run", model, *flags, f"--output={output}"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            output.rename(folder)
    results = [
        json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))
    ]
    return {result["backend"]: result for result in results}


def error_of(result: dict) -> str:
    error = result["verification"]["max_rel_error"]
    return "-" if error is None else f"{error:.1e}"


def median_of(result: dict) -> float | None:
    times = result["data"]
    return statistics.median(times) if result["outcome"] == "ok" and times else None


def ratios_of(old: list[dict], new: list[dict]) -> list[float]:
    """A ratio for each pass in which both measured."""
    pairs = [(median_of(a), median_of(b)) for a, b in zip(old, new)]
    return [b / a for a, b in pairs if a and b]


def interval_of_median(values: list[float]) -> tuple[float, float]:
    """The narrowest pair of order statistics that holds the median with at least 95 %, else all."""
    values, n = sorted(values), len(values)
    outside, cut = 0.0, 0
    while cut < n // 2 and outside + 2 * math.comb(n, cut) / 2**n <= 0.05:
        outside += 2 * math.comb(n, cut) / 2**n
        cut += 1
    cut = max(cut - 1, 0)
    return values[cut], values[n - 1 - cut]


def line(model: str, engine: str, old: list[dict], new: list[dict]) -> str:
    outcomes = f"{old[0]['outcome']} {new[0]['outcome']}"
    verdicts = f"{old[0]['verification']['verdict']} {new[0]['verification']['verdict']}"
    errors = f"{error_of(old[0])} {error_of(new[0])}"
    ratios, ratio = ratios_of(old, new), "-"
    if ratios:
        low, high = interval_of_median(ratios)
        ratio = f"{statistics.median(ratios):.3f} [{low:.3f}, {high:.3f}]"
    converts = [[result.get("convert_s") for result in results] for results in (old, new)]
    convert = "-"
    if all(None not in times for times in converts):
        convert = " ".join(f"{min(times):.3f}" for times in converts)
    return f"| {model} | {engine} | {outcomes} | {verdicts} | {errors} | {ratio} | {convert} |"


def overall(ratios: list[list[float]]) -> str:
    """`ratios` by pass."""
    means = [statistics.fmean(math.log(ratio) for ratio in one) for one in ratios if one]
    mean = statistics.fmean(means)
    if len(means) < 2:
        return f"all: {math.exp(mean):.4f}"
    t = T[len(means) - 2] if len(means) - 2 < len(T) else 2.12
    half = t * statistics.stdev(means) / math.sqrt(len(means))
    return f"all: {math.exp(mean):.4f} [{math.exp(mean - half):.4f}, {math.exp(mean + half):.4f}]"


def main() -> int:
    arguments, flags = sys.argv[1:], []
    if "--" in arguments:
        flags = arguments[arguments.index("--") + 1 :]
        arguments = arguments[: arguments.index("--")]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--passes", type=int, default=3)
    options = parser.parse_args(arguments)
    options.results.mkdir(parents=True, exist_ok=True)
    found: dict[tuple[str, str], tuple[list[dict], list[dict]]] = {}
    ratios: list[list[float]] = []
    for turn in range(options.passes):
        ratios.append([])
        for model in options.models:
            name = Path(model).stem
            builds = [("old", options.old), ("new", options.new)]
            results = {
                build: run(programs, model, flags, options.results / f"{turn:02}-{name}-{build}")
                for build, programs in (builds if turn % 2 == 0 else reversed(builds))
            }
            for engine, old in results["old"].items():
                new = results["new"][engine]
                pair = found.setdefault((name, engine), ([], []))
                pair[0].append(old)
                pair[1].append(new)
                ratios[-1] += ratios_of([old], [new])
    print("| model | engine | outcome old, new | verdict | error | new / old median | convert_s |")
    print("|---|---|---|---|---|---|---|")
    for (model, engine), (old, new) in found.items():
        print(line(model, engine, old, new))
    print(overall(ratios))
    return 0


if __name__ == "__main__":
    sys.exit(main())
