"""table.py RESULTS MODEL...: prints a row of Markdown per model from what compare_schedules.sh measured. Times are
milliseconds on TVM and on ONNX Runtime in the same run, and their ratio; a question mark: the machine was busy."""

import json
import sys
from pathlib import Path


def read(folder: Path, model: str, backend: str) -> dict | None:
    path = folder / f"{model}-quant=0-cpu-{backend}-cpu.json"
    return json.loads(path.read_text()) if path.exists() else None


def median_ms(result: dict) -> float:
    return 1e3 * result["latency_s"]["p50"]


def time_and_ratio(folder: Path, model: str) -> str:
    tvm, onnxruntime = read(folder, model, "tvm"), read(folder, model, "onnxruntime")
    if tvm is None or onnxruntime is None:
        return "not measured"
    for result in (tvm, onnxruntime):
        if result["outcome"] != "ok":
            return result["outcome"]
    busy = " ?" if tvm["noise"]["suspect"] else ""
    ratio = median_ms(tvm) / median_ms(onnxruntime)
    return f"{median_ms(tvm):.3g} / {median_ms(onnxruntime):.3g} = {ratio:.3g}{busy}"


def what_tuning_did(tuned: dict | None) -> str:
    if tuned is None or tuned["in_force"] is None:
        return "-"
    settings = tuned["in_force"]["settings"]
    if "tuned_functions" not in settings:
        return settings.get("tuning", "-")
    return f"{settings['tuned_functions']}, {settings['tuning_trials']} trials, {tuned['tune_s'] or 0:.0f} s"


def row(results: Path, model: str) -> str:
    own = read(results / "own", model, "tvm")
    tuned = read(results / "tuned", model, "tvm")
    errors = [
        r["verification"]["max_rel_error"] for r in (own, tuned) if r and r["outcome"] == "ok"
    ]
    cells = [
        model,
        *(time_and_ratio(results / mode, model) for mode in ("none", "own", "tuned")),
        f"{own['compile_s']:.1f}" if own and own["compile_s"] else "-",
        what_tuning_did(tuned),
        f"{max(errors):.0e}" if errors else "-",
    ]
    return f"| {' | '.join(cells)} |"


def main(folder: str, *models: str) -> None:
    print("| model | tvm by itself | our schedules | tuned | compiles, s | replaced | error |")
    print("|---|---|---|---|---|---|---|")
    for model in models:
        print(row(Path(folder), model))


if __name__ == "__main__":
    main(*sys.argv[1:])
