#!/usr/bin/env python3
"""Whether the gate finds a planted slow-down and raises no false alarm, with real processes.

    "$(setup/python_env.sh models)" tests/experiments/gate_trials.py [--trials=20] [--slow=1.03] [--fail-above=1%] [--neighbour] [--budget=5]

A trial is one `dnnbench run slow.onnx --versus=fast.onnx` on the fake engine, which takes `--slow` times as long for
the first; --slow=1 is the other half, equal ones. --neighbour keeps one core busy, on and off. Prints how many ended as
worse (3), no worse (0), can't tell (5), and bounds of the shares (95 %, Clopper and Pearson). About 6 s per trial.
src/compare/gate_trials_test.cpp is the same in a simulation.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests"))

import tiny_models  # noqa: E402

NAMES = {3: "worse", 0: "no worse", 5: "can't tell"}
BUSY = (
    "import time\nwhile True:\n e = time.time() + .4\n while time.time() < e: pass\n time.sleep(.4)"
)


def probability_of_at_most(k: int, n: int, p: float) -> float:
    term, total = (1 - p) ** n, 0.0
    for i in range(k + 1):
        total += term
        term *= (n - i) / (i + 1) * p / (1 - p)
    return total


def max_share(k: int, n: int, error: float = 0.025) -> float:
    """Above which k or fewer of n have a probability below `error`."""
    if k == n:
        return 1
    low, high = k / n, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if probability_of_at_most(k, n, middle) > error else (low, middle)
        )
    return high


def neighbour(stop: threading.Event) -> None:
    process = subprocess.Popen([sys.executable, "-c", BUSY])
    stop.wait()
    process.kill()
    process.wait()


def trial(options: argparse.Namespace, folder: Path) -> int:
    program = REPOSITORY / "build" / "release" / "bin" / "dnnbench"
    flags = [
        f"--versus={folder / 'fast.onnx'}",
        f"--fake=ok,duration_s={options.duration},slow={options.slow}",
        f"--fail-above={options.fail_above}",
        f"--budget={options.budget}",
        f"--output={folder / 'results'}",
    ]
    command = [program, "run", folder / "slow.onnx", *flags]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--slow", default="1.03")
    parser.add_argument("--fail-above", default="1%")
    parser.add_argument("--duration", default="0.002")
    parser.add_argument("--budget", default="5")
    parser.add_argument("--neighbour", action="store_true")
    options = parser.parse_args()
    codes: Counter = Counter()
    start, stop = time.monotonic(), threading.Event()
    if options.neighbour:
        threading.Thread(target=neighbour, args=(stop,)).start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("fast", "slow"):
                tiny_models.save(tiny_models.convolution(), Path(folder) / f"{name}.onnx")
            for _ in range(options.trials):
                codes[trial(options, Path(folder))] += 1
    finally:
        stop.set()
    print(f"{options.trials} trials, slow {options.slow}, --fail-above={options.fail_above}, "
          f"neighbour {options.neighbour}, {time.monotonic() - start:.0f} s")  # fmt: skip
    for code, count in sorted(codes.items()):
        bound = max_share(count, options.trials)
        print(f"{NAMES.get(code, f'exit status {code}')}: {count} (at most {100 * bound:.2g} %)")
    for code in NAMES.keys() - codes.keys():
        print(f"{NAMES[code]}: 0 (at most {100 * max_share(0, options.trials):.2g} %)")


if __name__ == "__main__":
    main()
