"""How long it takes to rank engines on models known by name: seconds of measuring, and in all.

    python tests/experiments/ranking/all_models.py [MODEL...] --onnxruntime --openvino --pytorch --tf

Without a MODEL all eight. The flags go to `dnnbench run`, one run per model, with its defaults. One line per model and
engine, and one per model. Measuring is what the engines' turns took; in all is the whole command, with starting,
loading, verifying and warming up, at first and again. The last line counts the relations to the best: decided, or
known to be within 3 %, or open.
"""

import collections
import itertools
import json
import math
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


def measured_s(results: list[dict]) -> float:
    """The blocks' lengths together. Between two blocks lies what is no start: dropped experiments and blocks that
    were disturbed; or a start, and then disturbed blocks count as long as the one before."""
    starts = {block for result in results for block in result["starts"]}
    first, last = {}, {}
    for result in results:
        for block, start_s, duration_s in zip(result["block"], result["start_s"], result["data"]):
            first[block] = min(first.get(block, start_s), start_s)
            last[block] = max(last.get(block, 0), start_s + duration_s)
    total_s = 0.0
    for block, following in itertools.pairwise(sorted(first)):
        if starts.isdisjoint(range(block + 1, following + 1)):
            total_s += first[following] - first[block]
        else:
            total_s += (last[block] - first[block]) * (following - block)
    return total_s + (last[max(last)] - first[max(last)] if last else 0.0)


def relation(result: dict) -> str:
    ranking = result["ranking"]
    if ranking is None:
        return result["outcome"]
    if ranking["relation"] == "best":
        return "best"
    low, high = ranking["vs_best_interval"]
    return f"{ranking['vs_best']:.2f} [{low:.2f}, {high:.2f}] {ranking['relation']}"


def is_near(ranking: dict) -> bool:
    """Known to be within 3 % of the best, or its interval is as narrow."""
    low, high = ranking["vs_best_interval"] or (0, math.inf)
    return (1 / 1.03 <= low and high <= 1.03) or high <= 1.03 * low


def count_relations(results: list[dict]) -> collections.Counter:
    rankings = [result["ranking"] for result in results]
    kinds = []
    for ranking in rankings:
        if ranking is None:
            kinds.append("unranked")
        elif ranking["relation"] != "best":
            decided = ranking["relation"] != "undecided"
            kinds.append("decided" if decided else "near" if is_near(ranking) else "open")
    return collections.Counter(kinds)


def report(model: str, results: list[dict]) -> None:
    for result in results:
        load_s = (result["load_s"] or 0) + (result["convert_s"] or 0)
        noise = result["noise"]
        print(
            f"{model:22} {result['backend']:12} {load_s:6.2f} {len(result['starts']):6} {noise['blocks']:6}"
            f" {noise['blocks_disturbed']:9}  {result['stopped'] or '-':8} {relation(result)}",
            flush=True,
        )


def main() -> None:
    flags = [word for word in sys.argv[1:] if word.startswith("-")]
    models = [word for word in sys.argv[1:] if not word.startswith("-")] or MODELS
    print(
        f"{'model':22} {'engine':12} load s starts blocks disturbed  {'ended':8} ratio", flush=True
    )
    measuring_s, start, relations = 0.0, time.monotonic(), collections.Counter()
    for model in models:
        before = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            results = results_of(model, flags, Path(folder))
        report(model, results)
        relations += count_relations(results)
        seconds = measured_s(results)
        print(f"{model:22} measuring {seconds:.0f} s, in all {time.monotonic() - before:.0f} s")
        measuring_s += seconds
    print(f"measuring {measuring_s:.0f} s, in all {time.monotonic() - start:.0f} s")
    print(", ".join(f"{count} {kind}" for kind, count in sorted(relations.items())))


if __name__ == "__main__":
    main()
