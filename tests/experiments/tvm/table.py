"""table.py RESULTS MODEL...: prints the table of RESULTS/none and RESULTS/own as Markdown."""

import json
import sys
from pathlib import Path


def read(folder: Path, model: str, backend: str) -> dict:
    return json.loads((folder / f"{model}-quant=0-cpu-{backend}-cpu.json").read_text())


def milliseconds(result: dict) -> str:
    if result["outcome"] != "ok":
        return result["outcome"]
    return f"{result['latency_s']['p50'] * 1e3:.3g}" + (" ?" if result["noise"]["suspect"] else "")


def ratio(result: dict, other: dict) -> str:
    if "ok" != result["outcome"] or "ok" != other["outcome"]:
        return "-"
    return f"{result['latency_s']['p50'] / other['latency_s']['p50']:.2f}"


def row(results: Path, model: str) -> str:
    cells = [model]
    for schedules in ("none", "own"):
        folder = results / schedules
        tvm, onnxruntime = read(folder, model, "tvm"), read(folder, model, "onnxruntime")
        compile_s = tvm["compile_s"]
        cells += [milliseconds(onnxruntime), milliseconds(tvm), ratio(tvm, onnxruntime)]
        cells.append("-" if compile_s is None else f"{compile_s:.1f}")
    cells.append(f"{tvm['verification']['max_rel_error'] or 0:.0e}")
    return f"| {' | '.join(cells)} |"


def main(results: str, *models: str) -> None:
    print(
        "| model | onnxruntime | untuned | ratio | compile s | onnxruntime | own schedules | ratio | compile s | error |"
    )
    print("|---" * 10 + "|")
    for model in models:
        print(row(Path(results), model))


if __name__ == "__main__":
    main(*sys.argv[1:])
