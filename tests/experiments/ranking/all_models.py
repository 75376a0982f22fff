"""How long it takes to rank engines on every model known by name: seconds of measuring, load times apart.

    python tests/experiments/ranking/all_models.py --onnxruntime --openvino --pytorch --tf

All arguments go to `dnnbench run`, one run a model, with its defaults. A line a model and engine; the seconds are
those from the run's first measured experiment to the engine's last, during which the engines took turns, so a
model's seconds are its last engine's.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
PROGRAM = REPOSITORY / "build" / "release" / "bin" / "dnnbench"
MODELS = [
    "super-resolution-10",
    "mobilenetv2-10",
    "shufflenet-v2-10",
    "resnet50-v1-7",
    "efficientnet-lite4-11",
    "mosaic-9",
    "yolov4",
    "bertsquad-10",
]


def results_of(model: str, flags: list[str], folder: Path) -> list[dict]:
    """The results of a run, fastest first, those without a rank last."""
    command = [PROGRAM, "run", model, *flags, f"--output={folder}"]
    subprocess.run(command, check=False, capture_output=True)
    results = [json.loads(path.read_text()) for path in folder.glob(f"{model}-*.json")]
    return sorted(
        results, key=lambda result: result["ranking"] and result["ranking"]["place"] or 99
    )


def measured_s(result: dict) -> float:
    """From the run's first experiment, at 0, to this engine's last."""
    return result["start_s"][-1] + result["data"][-1] if result["data"] else 0.0


def relation(result: dict) -> str:
    ranking = result["ranking"]
    if ranking is None:
        return result["outcome"]
    if ranking["relation"] == "best":
        return "best"
    low, high = ranking["vs_best_interval"]
    return f"{ranking['vs_best']:.2f} [{low:.2f}, {high:.2f}] {ranking['relation']}"


def report(model: str, results: list[dict]) -> float:
    for result in results:
        load_s = (result["load_s"] or 0) + (result["convert_s"] or 0)
        noise = result["noise"]
        print(
            f"{model:22} {result['backend']:12} {load_s:6.2f} {measured_s(result):9.1f} {noise['blocks']:7}"
            f" {noise['blocks_disturbed']:10}  {result['stopped'] or '-':9} {relation(result)}",
            flush=True,
        )
    return max((measured_s(result) for result in results), default=0.0)


def main() -> None:
    print(
        f"{'model':22} {'engine':12} {'load s':>6} {'seconds':>9} {'blocks':>7} {'disturbed':>10}  {'ended':9} ratio"
    )
    total_s, start = 0.0, time.monotonic()
    for model in MODELS:
        with tempfile.TemporaryDirectory() as folder:
            total_s += report(model, results_of(model, sys.argv[1:], Path(folder)))
    wall_s = time.monotonic() - start
    print(
        f"measuring {total_s:.0f} s; with starting, loading, verifying and warming up {wall_s:.0f} s"
    )


if __name__ == "__main__":
    main()
