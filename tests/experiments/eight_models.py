"""The models known by name on four engines, as a user measures them: rows of docs/engines.md's table.

    python3 tests/experiments/eight_models.py RESULTS [MODEL...]

runs ./bench_model.sh once per model, leaves the results in the folder RESULTS, and prints medians in ms, seconds of
conversion (`convert_s`) and of loading of those engines that convert, and the largest error of any engine's outputs.
A question mark: the machine was busy.
"""

import json
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MODELS = [
    "resnet50-v1-7",
    "mobilenetv2-10",
    "shufflenet-v2-10",
    "efficientnet-lite4-11",
    "super-resolution-10",
    "mosaic-9",
    "bertsquad-10",
    "yolov4",
]
ENGINES = ["onnxruntime", "openvino", "pytorch", "tf"]
CONVERTERS = ["pytorch", "tf"]


def measure(model: str, folder: Path) -> dict[str, dict]:
    flags = [*(f"--{engine}" for engine in ENGINES), "--budget=5", f"--output={folder}"]
    # Status 1: an engine is not ok, which its result says.
    subprocess.run([REPOSITORY / "bench_model.sh", model, *flags], stdout=subprocess.DEVNULL)
    results = [json.loads(path.read_text()) for path in folder.glob(f"{model}-*.json")]
    return {result["backend"]: result for result in results}


def median_ms(result: dict) -> str:
    if result["outcome"] != "ok":
        return result["outcome"]
    return f"{1e3 * result['latency_s']['p50']:.3g}{' ?' if result['noise']['suspect'] else ''}"


def row(model: str, results: dict[str, dict]) -> str:
    cells = [median_ms(results[engine]) for engine in ENGINES]
    for field in ("convert_s", "load_s"):
        cells += [f"{results[engine][field] or 0:.2f}" for engine in CONVERTERS]
    errors = [one["verification"]["max_rel_error"] for one in results.values()]
    cells.append(f"{max(error or 0 for error in errors):.0e}")
    return f"| {model} | {' | '.join(cells)} |"


def main(folder: str, *models: str) -> None:
    for model in models or MODELS:
        print(row(model, measure(model, Path(folder))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
