#!/usr/bin/env python3
"""Draws a folder of results: <model>-<instance>.png and .svg, and one index.html with all.

Reads the results of DNN Bench (docs/results-format.md) and of its predecessor of 2021.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

PYTHON_ENV = Path(__file__).resolve().parent.parent / "setup" / "python_env.sh"


class Failure(Exception):
    """A sentence for the person at the terminal."""


def main(argv: list[str]) -> int:
    arguments = parse(argv)
    try:
        use_python_with_altair()
        from draw import draw_folder  # needs Altair

        print(draw_folder(arguments.results_dir, arguments.plots_dir, warn))
    except (Failure, OSError) as error:
        warn(str(error))
        return 1
    return 0


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results_dir", type=Path, help="folder of results, with all below it")
    parser.add_argument("plots_dir", type=Path, help="folder for the pictures, made if missing")
    return parser.parse_args(argv)


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
