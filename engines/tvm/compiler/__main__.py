"""Compiles one model into a shared library and a file of weights, and reports how it went in a JSON file.

The report is {"outcome": "ok", "settings": {...}}, or an outcome "unsupported", "out_of_memory" or
"failed" with a "reason" of one sentence. The exit status is 0 for the first and 1 for the others.
"""

import argparse
import json
import sys
import traceback
from pathlib import Path

from .failure import Unsupported


def main() -> int:
    options = parse_options()
    report = compile_and_report(options)
    options.report.write_text(json.dumps(report))
    return 0 if report["outcome"] == "ok" else 1


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="compiler")
    parser.add_argument("--simplified", type=Path, required=True, help="what is compiled")
    parser.add_argument("--original", type=Path, required=True, help="where its weights are")
    parser.add_argument("--schedules", choices=["own", "none"], default="own", help="none: TVM's")
    parser.add_argument("--library", type=Path, required=True, help="what is written")
    parser.add_argument("--weights", type=Path, required=True, help="what is written beside it")
    parser.add_argument("--report", type=Path, required=True, help="how it went")
    return parser.parse_args()


def compile_and_report(options: argparse.Namespace) -> dict:
    try:
        return {"outcome": "ok", "settings": compile_model(options)}
    except Unsupported as unsupported:
        return {"outcome": "unsupported", "reason": str(unsupported)}
    except MemoryError:
        return {"outcome": "out_of_memory", "reason": "TVM's compiler ran out of memory"}
    except Exception as error:  # noqa: BLE001 whatever the compiler throws is its reason
        traceback.print_exc()
        return {"outcome": "failed", "reason": f"TVM's compiler: {one_line(error)}"}


def compile_model(options: argparse.Namespace) -> dict[str, str]:
    """What is told of the compiled library."""
    from . import build, host_target, importer, model_file  # these take two seconds

    module = importer.import_model(model_file.read_model(options.simplified, options.original))
    target = host_target.host_target()
    schedules = build.Schedules(options.schedules)
    build.build_library(module, target, schedules, options.library, options.weights)
    return {
        "target": host_target.describe(target),
        "opt_level": str(target.attrs["opt-level"]),
        "schedules": schedules.value,
    }


def one_line(error: Exception) -> str:
    """The last line of the library's messages says what happened; before it are stacks."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1] if lines else 'no reason given'}"


if __name__ == "__main__":
    sys.exit(main())
