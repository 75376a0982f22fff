"""Prints how many lines of src/ have run, by folder and in total, from what a build with `--coverage`
has counted. Ends with 1 where the total is below the minimum. Tests themselves are not counted.

    python3 setup/coverage.py BUILD MIN_PERCENT [--missing]
"""

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[1] / "src"
FILES_AT_ONCE = 50  # the shortest way to few processes and short command lines


def reports(build: Path):
    """gcov's report of every object file; it finds the counts beside the notes where there are any."""
    notes = sorted(build.rglob("*.gcno"))
    for first in range(0, len(notes), FILES_AT_ONCE):
        command = ["gcov", "--json-format", "--stdout", *notes[first : first + FILES_AT_ONCE]]
        output = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        ).stdout
        for line in output.splitlines():
            yield json.loads(line)


def is_counted(path: Path) -> bool:
    if SOURCES not in path.parents or path.stem.endswith("_test"):
        return False
    return path.relative_to(SOURCES).parts[0] != "testing"


def runs_by_line(build: Path) -> dict[Path, dict[int, int]]:
    """A header's line has run where it has in any object file."""
    runs = defaultdict(lambda: defaultdict(int))
    for report in reports(build):
        for file in report["files"]:
            path = Path(report["current_working_directory"], file["file"]).resolve()
            if is_counted(path):
                for line in file["lines"]:
                    runs[path][line["line_number"]] += line["count"]
    return runs


def print_table(runs: dict[Path, dict[int, int]]) -> float:
    """The total's percentage."""
    lines, run = defaultdict(int), defaultdict(int)
    for path, counts in runs.items():
        parts = path.relative_to(SOURCES).parts
        for key in (parts[0] if len(parts) > 1 else ".", "total"):
            lines[key] += len(counts)
            run[key] += sum(count > 0 for count in counts.values())
    for key in [*sorted(lines.keys() - {"total"}), "total"]:
        print(
            f"{key:<12}{run[key]:>7} of {lines[key]:>6} lines {100 * run[key] / lines[key]:6.1f} %"
        )
    return 100 * run["total"] / lines["total"]


def print_missing(runs: dict[Path, dict[int, int]]) -> None:
    missing = {
        path: [number for number, count in counts.items() if count == 0]
        for path, counts in runs.items()
    }
    for path in sorted(missing, key=lambda path: len(missing[path])):
        if missing[path]:
            numbers = " ".join(map(str, sorted(missing[path])))
            print(f"{path.relative_to(SOURCES)}: {len(missing[path])}: {numbers}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=Path)
    parser.add_argument("min_percent", type=float)
    parser.add_argument("--missing", action="store_true", help="name the lines that have not run")
    options = parser.parse_args()
    runs = runs_by_line(options.build.resolve())
    if not runs:
        sys.exit(f"{options.build} has no counted program; make coverage builds and runs it")
    if options.missing:
        print_missing(runs)
    total = print_table(runs)
    if total < options.min_percent:
        print(f"less than {options.min_percent:g} % of the lines have run")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
