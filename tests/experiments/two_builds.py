#!/usr/bin/env python3
"""Whether a change of the tool's own code changed what it measures: two builds in turns.

    tests/experiments/two_builds.py OLD/build/release/bin NEW/build/release/bin MODEL... [-- FLAGS]

Each model is run by one build, then by the other, several times; which is first changes from pass to
pass, so that a machine whose speed drifts hits both alike. Prints a line per model and engine: both
outcomes, verdicts and errors, the ratio of new to old medians (the median over passes, with the
smallest and the largest), and both conversion times.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path


def run(programs: Path, model: str, flags: list[str]) -> dict[str, dict]:
    """Every result by engine."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [programs / "dnnbench", "run", model, *flags, f"--output={folder}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        files = sorted(Path(folder).glob("*.json"))
        results = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return {result["backend"]: result for result in results}


def error_of(result: dict) -> str:
    error = result["verification"]["max_rel_error"]
    return "-" if error is None else f"{error:.1e}"


def median_of(result: dict) -> float | None:
    times = result["data"]
    return statistics.median(times) if result["outcome"] == "ok" and times else None


def line(model: str, engine: str, old: list[dict], new: list[dict]) -> str:
    outcomes = f"{old[0]['outcome']} {new[0]['outcome']}"
    verdicts = f"{old[0]['verification']['verdict']} {new[0]['verification']['verdict']}"
    errors = f"{error_of(old[0])} {error_of(new[0])}"
    pairs = [(median_of(a), median_of(b)) for a, b in zip(old, new)]
    ratios = [b / a for a, b in pairs if a and b]
    ratio = "-"
    if ratios:
        ratio = f"{statistics.median(ratios):.3f} [{min(ratios):.3f}, {max(ratios):.3f}]"
    converts = [[result.get("convert_s") for result in results] for results in (old, new)]
    convert = "-"
    if all(None not in times for times in converts):
        convert = " ".join(f"{min(times):.3f}" for times in converts)
    return f"| {Path(model).stem} | {engine} | {outcomes} | {verdicts} | {errors} | {ratio} | {convert} |"


def main() -> int:
    arguments, flags = sys.argv[1:], []
    if "--" in arguments:
        flags = arguments[arguments.index("--") + 1 :]
        arguments = arguments[: arguments.index("--")]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--passes", type=int, default=3)
    options = parser.parse_args(arguments)
    print("| model | engine | outcome old, new | verdict | error | new / old median | convert_s |")
    print("|---|---|---|---|---|---|---|")
    for model in options.models:
        old: dict[str, list[dict]] = {}
        new: dict[str, list[dict]] = {}
        for turn in range(options.passes):
            builds = [(options.old, old), (options.new, new)]
            for programs, found in builds if turn % 2 == 0 else reversed(builds):
                for engine, result in run(programs, model, flags).items():
                    found.setdefault(engine, []).append(result)
        for engine in old:
            print(line(model, engine, old[engine], new.get(engine, old[engine])), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
