#!/usr/bin/env python3
"""How long the advisor and the page take on a great many results.

    $(setup/python_env.sh tests) tests/experiments/many_results.py advise|page [COUNT [SAMPLES]]

Copies a sample result COUNT (10,000) times with other models, instances, engines and SAMPLES (300)
times. advise: runs `dnnbench advise` on them, five times. page: makes the page, and opens it in
Chromium five times. docs/measurements/2026-11-24-advisor-and-page.md has the figures.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "vis"))
import draw  # noqa: E402
from catalogue import SHIPPED, read_prices  # noqa: E402
from chromium_for_tests import PROGRAM, Chromium  # noqa: E402

SAMPLE = REPOSITORY.joinpath(
    "tests", "golden", "results", "c5a.4xlarge", "resnet50-v1-7-quant=0-cpu-openvino-cpu.json"
)
ENGINES = {
    "advise": [f"engine-{number}" for number in range(10)],
    "page": ["onnxruntime", "openvino", "pytorch", "tf", "tvm"],
}


def main(what: str, count: int, samples: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_results(root / "results", ENGINES[what], count, samples)
        total = sum(path.stat().st_size for path in (root / "results").rglob("*.json"))
        print(f"{count} results of {samples} samples, {total / 1e6:.0f} MB")
        {"advise": time_advise, "page": time_page}[what](root)


def time_advise(root: Path) -> None:
    program = REPOSITORY / "build" / "release" / "bin" / "dnnbench"
    command = [program, "advise", root / "results", "--model=model-1", "--throughput=500"]
    taken_s = []
    for _ in range(5):
        begin = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken_s.append(time.monotonic() - begin)
    print("advise took", " ".join(f"{s:.2f}" for s in taken_s), "s")


def time_page(root: Path) -> None:
    begin = time.monotonic()
    draw.write = lambda picture, plots: None  # the page comes before the pictures
    draw.draw_folder(root / "results", root / "plots", print)
    taken_s = time.monotonic() - begin
    page = root / "plots" / "index.html"
    print(f"page made in {taken_s:.2f} s, {page.stat().st_size / 1e6:.1f} MB")
    if PROGRAM:
        print("opened and drawn in", " ".join(f"{s:.2f}" for s in opening_times(page)), "s")


def write_results(folder: Path, engines: list, count: int, samples: int) -> None:
    chance = random.Random(1)
    instances = list(read_prices(SHIPPED, print)[0])
    result = json.loads(SAMPLE.read_text(encoding="utf-8"))
    for i in range(count):
        engine, rest = engines[i % len(engines)], i // len(engines)
        instance, model = instances[rest % len(instances)], rest // len(instances)
        mean_s = chance.uniform(0.01, 0.1)
        result |= {
            "model_path": f"/models/model-{model}.onnx",
            "model_sha256": f"{model:064x}",
            "instance": instance,
            "backend": engine,
            "data": [chance.gauss(mean_s, mean_s / 50) for _ in range(samples)],
        }
        (folder / instance).mkdir(parents=True, exist_ok=True)
        (folder / instance / f"{model}-{engine}.json").write_text(json.dumps(result))


def opening_times(page: Path) -> list[float]:
    """From the call to open it until its tables and pictures are there; five times."""
    taken_s = []
    with Chromium() as browser:
        for _ in range(5):
            begin = time.monotonic()
            browser.open(page.as_uri())
            browser.wait_for("document.body && document.body.dataset.drawn === 'light'")
            taken_s.append(time.monotonic() - begin)
    return taken_s


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[2:]]
    main(sys.argv[1], *(given + [10_000, 300][len(given) :]))
