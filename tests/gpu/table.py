"""table.py FOLDER: the results of on_a_gpu.sh as a page for docs/measurements."""

import datetime
import json
import math
import sys
from pathlib import Path


def milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1e3 * seconds:.3f}"


def bare_loops(folder: Path) -> dict[tuple[str, str, str], float]:
    """Medians in seconds: lines "BACKEND/PROVIDER MODEL PRECISION SECONDS"."""
    path = folder / "bare.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {(*words[:3],): float(words[3]) for words in map(str.split, lines)}


def row(result: dict, bare: dict[tuple[str, str, str], float]) -> list[str]:
    model = Path(result["model_path"]).stem
    gpu = result.get("gpu") or {}
    median = result["latency_s"].get("p50")
    energy = gpu.get("energy_j_per_inference")
    meta = result["backend_meta"]
    engine = f"{result['backend']}/{result['provider']}"
    is_bare = "io=" not in meta and "cuda-graph" not in meta
    loop = bare.get((engine, model, result["precision"])) if is_bare else None
    settings = ", ".join(
        words
        for words, holds in {
            result["precision"]: True,
            "data on the GPU": "io=device" in meta,
            "CUDA graph": "cuda-graph" in meta,
        }.items()
        if holds
    )
    return [
        model,
        f"{result['backend']} {result['provider']}".strip(),
        settings,
        milliseconds(median),
        milliseconds(gpu.get("compute_p50_s")),
        f"{median / loop:.3f}" if loop and median else "-",
        "-" if energy is None else f"{energy:.3f}",
        "-" if result["compile_s"] is None else f"{result['compile_s']:.0f}",
        result["verification"]["verdict"] if result["outcome"] == "ok" else result["reason"],
    ]


def main(folder: Path) -> None:
    paths = sorted(folder.rglob("*.json"))
    results = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    bare = bare_loops(folder)
    gpus = {
        f"{gpu['name']} (sm_{gpu['sm']}), driver {gpu['driver']}, "
        f"limit {gpu['power_limit_w'] or math.nan:g} W"
        for gpu in (result.get("gpu") for result in results)
        if gpu
    }
    print(f"# On a GPU, {datetime.date.today()}\n")
    print(f"`tests/gpu/on_a_gpu.sh` on {', '.join(sorted(gpus)) or 'no GPU'}.\n")
    heads = "model, engine, settings, median ms, GPU compute ms, median / bare loop, J, build s"
    cells = [*heads.split(", "), "verified"]
    print("| " + " | ".join(cells) + " |")
    print("|" + "---|" * len(cells))
    for result in results:
        print("| " + " | ".join(row(result, bare)) + " |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
