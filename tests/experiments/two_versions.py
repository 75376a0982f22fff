#!/usr/bin/env python3
"""Whether a comparison of two versions of an engine comes out the same when it is repeated.

    python3 tests/experiments/two_versions.py [--runs=3] [--budget=20] --onnxruntime=1.30.0,1.31.1 [--openvino=...] MODEL...

runs ./bench_model.sh with these flags that often for each model and prints the verdict and the ratio of each run. Two
verdicts contradict each other when one is faster and the other slower, or one of them a tie.
"""

import argparse
import re
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
# "mobilenetv2-10  onnxruntime: 1.30.0 -> 1.31.1  1.75 ms  1.74 ms  0.99x [0.98, 1.00]  tie"
ROW = re.compile(r"^(\S+) +(\S+: \S+ -> \S+) .*?(\d\.\d+x \[.*?\]) +(\w+)$", re.M)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--runs", type=int, default=3)
    options, flags = parser.parse_known_args()
    found = defaultdict(list)
    for model in options.models:
        for _ in range(options.runs):
            with tempfile.TemporaryDirectory() as folder:
                command = [REPOSITORY / "bench_model.sh", model, f"--output={folder}", *flags]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
            for name, pair, ratio, verdict in ROW.findall(done.stdout):
                found[name, pair].append((verdict, ratio))
    print("| model | versions | runs | contradiction |")
    print("|---|---|---|---|")
    for (model, pair), runs in found.items():
        decided = {verdict for verdict, _ in runs if verdict in ("faster", "slower", "tie")}
        texts = ", ".join(f"{verdict} {ratio}" for verdict, ratio in runs)
        print(f"| {model} | {pair} | {texts} | {'yes' if len(decided) > 1 else 'no'} |")


if __name__ == "__main__":
    main()
