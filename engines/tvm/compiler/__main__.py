"""Compiles one model into a shared library and a file of weights, and reports how it went in a JSON file.

The report is {"outcome": "ok", "settings": {...}}, with "searched_s" and "is_exhausted" of a search,
or an outcome "unsupported", "out_of_memory" or "failed" with a "reason" of one sentence. The exit status is 0 for the first and 1 for the others.
"""

import argparse
import dataclasses
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
    tuning = parser.add_argument_group("tuning, of our schedules")
    tuning.add_argument("--tune", type=float, default=0, metavar="SECONDS", help="for the search")
    tuning.add_argument("--records", type=Path, help="the folder of what was tried")
    tuning.add_argument("--own-library", type=Path, help="what was compiled before: the library")
    tuning.add_argument("--own-weights", type=Path, help="and its weights")
    return parser.parse_args()


def compile_and_report(options: argparse.Namespace) -> dict:
    try:
        return {"outcome": "ok"} | compile_model(options)
    except Unsupported as unsupported:
        return {"outcome": "unsupported", "reason": str(unsupported)}
    except MemoryError:
        return {"outcome": "out_of_memory", "reason": "TVM's compiler ran out of memory"}
    except Exception as error:  # noqa: BLE001 whatever the compiler throws is its reason
        traceback.print_exc()
        return {"outcome": "failed", "reason": f"TVM's compiler: {one_line(error)}"}


def compile_model(options: argparse.Namespace) -> dict:
    """The facts about the compiled library, and about the search where there was one."""
    from . import host_target, model_file, rewrite, vector_unit

    model = model_file.read_model(options.simplified, options.original)
    target = host_target.host_target()
    usual = rewrite.usual_kernels(vector_unit.vector_unit_of(target))
    kernels = usual if options.schedules == "own" else None
    try:
        return compile_for(target, model, kernels, options)
    except (Unsupported, MemoryError):
        raise
    except Exception as error:
        raise_for_node(target, model, kernels)
        raise error


def compile_for(target, model, kernels, options: argparse.Namespace) -> dict:
    import tvm

    from . import build, host_target, importer, tune

    module = importer.import_model(model)
    settings = {
        "compiler": tvm.__version__,
        "target": host_target.describe(target),
        "opt_level": str(target.attrs["opt-level"]),
        "schedules": options.schedules,
    }
    if options.tune > 0:
        own = tune.Files(options.own_library, options.own_weights)
        written = tune.Files(options.library, options.weights)
        tuned = tune.tune(module, target, options.records, options.tune, own, written)
        return dataclasses.asdict(tuned) | {"settings": settings | tuned.settings}
    reported = build.build_library(module, target, kernels, options.library, options.weights)
    return {"settings": settings | reported}


def raise_for_node(target, model, kernels) -> None:
    """Throws Unsupported where the library can't compile one of the model's nodes even alone."""
    from . import blame, build, importer

    culprit = blame.find_culprit(
        model, lambda alone: build.try_to_build(importer.import_model(alone), target, kernels)
    )
    if culprit is not None:
        node, error = culprit
        opset = importer.opset_of(model)
        raise Unsupported(
            f'TVM can\'t compile {node.op_type} (opset {opset}), node "{node.name}": {one_line(error)}'
        )


def one_line(error: Exception) -> str:
    """The last line of the library's messages says what happened; before it are stacks."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1] if lines else 'no reason given'}"


if __name__ == "__main__":
    sys.exit(main())
