#!/usr/bin/env python3
"""How long `dnnbench advise` takes on a great many results.

    tests/experiments/advise/many_results.py build/release/bin/dnnbench [COUNT]

Measures one result with the tests' engine, copies it COUNT (10,000) times with other models,
instances, engines and times, and runs the command five times. docs/advising.md has the figures.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY / "tests"))
import tiny_models  # noqa: E402

INSTANCES = [
    line.split(",")[0]
    for line in (REPOSITORY / "catalogue" / "instances.csv").read_text().splitlines()[1:]
]
SAMPLES = 300  # what ten seconds hold of a model that takes 33 ms


def main(program: str, count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        template = measure(program, root)
        write_copies(template, root / "results", count)
        total = sum(path.stat().st_size for path in (root / "results").rglob("*.json"))
        print(f"{count} results of {SAMPLES} samples, {total / 1e6:.0f} MB")
        command = [program, "advise", root / "results", "--model=model-1", "--throughput=500"]
        taken_s = [timed(command) for _ in range(5)]
        print("seconds:", " ".join(f"{value:.2f}" for value in taken_s))


def measure(program: str, root: Path) -> dict:
    model = tiny_models.save(tiny_models.convolution(), root / "tiny.onnx")
    flags = ["--fake=ok", "--repeat=3", "--warmup=0", f"--output={root}/one"]
    subprocess.run([program, "run", model, *flags], check=True, capture_output=True)
    (path,) = (root / "one").glob("*.json")
    return json.loads(path.read_text())


def write_copies(template: dict, folder: Path, count: int) -> None:
    numbers = random.Random(1)
    for i in range(count):
        instance = INSTANCES[i % len(INSTANCES)]
        mean_s = numbers.uniform(0.01, 0.1)
        result = template | {
            "model_path": f"/models/model-{i // len(INSTANCES) % 14}.onnx",
            "instance": instance,
            "backend": f"engine-{i // len(INSTANCES) // 14}",
            "data": [numbers.gauss(mean_s, mean_s / 50) for _ in range(SAMPLES)],
            "noise": template["noise"] | {"suspect": False},
        }
        path = folder / instance / f"{i}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result))


def timed(command: list) -> float:
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10_000)
