#!/usr/bin/env python3
"""Draws a folder of results: pictures as PNG and SVG, and one index.html with all.

Reads the results of DNN Bench (docs/results-format.md), of its predecessor of 2021, and published
figures. docs/plots.md says what each picture shows.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from catalogue import SHIPPED

PYTHON_ENV = Path(__file__).resolve().parent.parent / "setup" / "python_env.sh"


class Failure(Exception):
    """A sentence for the person at the terminal."""


def main(argv: list[str]) -> int:
    arguments = parse(argv)
    try:
        use_python_with_altair()
        from draw import Wishes, draw_folder  # needs Altair

        wishes = Wishes(arguments.catalogue, arguments.throughput)
        sys.stdout.reconfigure(errors="surrogateescape")  # a folder's name may not be UTF-8
        print(draw_folder(arguments.results_dir, arguments.plots_dir, warn, wishes))
    except (Failure, OSError) as error:
        warn(str(error))
        return 2
    return 0


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "results_dir", type=Path, help="folder of results, including all folders below it"
    )
    parser.add_argument("plots_dir", type=Path, help="folder for the pictures, made if missing")
    parser.add_argument(
        "--catalogue",
        type=Path,
        default=SHIPPED,
        metavar="FILE",
        help="prices of machines, a CSV file like catalogue/instances.csv (default: that one)",
    )
    parser.add_argument(
        "--throughput",
        type=rate,
        action="append",
        default=[],
        metavar="PER_SECOND",
        help="a request rate to draw a line at; can be repeated (default: two that fit)",
    )
    return parser.parse_args(argv)


def rate(text: str) -> float:
    value = float(text)  # argparse names the flag where this fails
    if not 0 < value < 1e12:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def warn(sentence: str) -> None:
    print(f"plot_results: {sentence}", file=sys.stderr)


def use_python_with_altair() -> None:
    """Goes on in the environment made for drawing, unless this Python has what it takes."""
    needed = ("altair", "jinja2", "vl_convert")
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if not missing:
        return
    made = subprocess.run([PYTHON_ENV, "vis"], stdout=subprocess.PIPE, text=True, check=False)
    python = made.stdout.strip()
    if made.returncode != 0 or not python:
        raise Failure(f"{' and '.join(missing)} missing, and {PYTHON_ENV} vis could not get it")
    if Path(python) == Path(sys.executable):
        raise Failure(f"{python} lacks {' and '.join(missing)}: delete its folder and try again")
    os.execv(python, [python, __file__, *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
