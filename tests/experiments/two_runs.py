#!/usr/bin/env python3
"""What two runs of the same thing differ by on this machine: docs/comparing.md.

    python3 tests/experiments/two_runs.py MODEL [--runs=8] [--output=FOLDER] [FLAG...]

measures MODEL that often, one run after the other, into one folder, and prints for each engine the largest ratio of two
runs' medians in a row and of any two, and what the last result says that two runs differ by, at most (run_to_run).
About 25 s per run.
"""

import argparse
import json
import math
import statistics
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def medians(folder: Path) -> dict[str, list[float]]:
    """By engine, in the order measured; disturbed runs left out."""
    found = defaultdict(list)
    for path in [*folder.glob("*.json"), *folder.glob("*.json.*")]:
        result = json.loads(path.read_text(encoding="utf-8"))
        if result["outcome"] == "ok" and not result["noise"]["suspect"]:
            found[result["backend"]].append(
                (result["started_at"], statistics.median(result["data"]))
            )
    return {engine: [time for _, time in sorted(runs)] for engine, runs in found.items()}


def known(folder: Path) -> dict[str, str]:
    """By engine, what its last result says."""
    found = {}
    for path in folder.glob("*.json"):
        result = json.loads(path.read_text(encoding="utf-8"))
        figure = result["run_to_run"]
        found[result["backend"]] = f"{figure['ratio']:.3f}" if figure else "-"
    return found


def line(engine: str, times: list[float], known: str) -> str:
    logs = [math.log(time) for time in times]
    in_a_row = max((abs(b - a) for a, b in zip(logs, logs[1:])), default=0)
    return (
        f"| {engine} | {len(times)} | {statistics.median(times) * 1e3:.3g} ms "
        f"| {math.exp(in_a_row):.3f} | {math.exp(max(logs) - min(logs)):.3f} | {known} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--output", type=Path)
    options, flags = parser.parse_known_args()
    folder = options.output or Path(tempfile.mkdtemp(prefix="two-runs-"))
    for _ in range(options.runs):
        command = [REPOSITORY / "bench_model.sh", options.model, f"--output={folder}", *flags]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print("| engine | undisturbed runs | median | largest ratio in a row | of any two | at most |")
    print("|---|---|---|---|---|---|")
    figures = known(folder)
    for engine, times in sorted(medians(folder).items()):
        print(line(engine, times, figures.get(engine, "-")))
    print(f"\nResults are in {folder}")


if __name__ == "__main__":
    main()
