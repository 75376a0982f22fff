"""table.py RESULTS MODEL...: prints a row of Markdown a model: milliseconds on ONNX Runtime and TVM, their ratio, seconds of
compilation, error. A question mark: the machine was busy."""

import json
import sys
from pathlib import Path


def read(folder: Path, model: str, backend: str) -> dict:
    return json.loads((folder / f"{model}-quant=0-cpu-{backend}-cpu.json").read_text())


def row(folder: Path, model: str) -> str:
    tvm, onnxruntime = read(folder, model, "tvm"), read(folder, model, "onnxruntime")
    for result in (tvm, onnxruntime):
        if result["outcome"] != "ok":
            return f"| {model} | {result['backend']}: {result['reason']} |"
    milliseconds = [1e3 * result["latency_s"]["p50"] for result in (onnxruntime, tvm)]
    busy = " ?" if tvm["noise"]["suspect"] else ""
    cells = [
        f"{milliseconds[0]:.3g}",
        f"{milliseconds[1]:.3g}",
        f"{milliseconds[1] / milliseconds[0]:.2f}{busy}",
        "-" if tvm["compile_s"] is None else f"{tvm['compile_s']:.1f}",
        f"{tvm['verification']['max_rel_error']:.0e}",
    ]
    return f"| {model} | {' | '.join(cells)} |"


def main(folder: str, *models: str) -> None:
    for model in models:
        print(row(Path(folder), model))


if __name__ == "__main__":
    main(*sys.argv[1:])
