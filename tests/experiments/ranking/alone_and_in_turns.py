"""Whether an engine that takes turns with others is measured as it is alone.

Engines whose threads go on spinning after a call would slow the next one, if they were not stopped.
Each round measures every engine alone in a run of its own, and all of them in one run in turns; who
begins changes with each round. On an idle machine the medians agree within 2 %.

    python3 tests/experiments/ranking/alone_and_in_turns.py MODEL.onnx... [--rounds=6]

Exit status: 0 when all ratios are within 2 %, 1 otherwise.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
LIMIT = 0.02


def run(options: argparse.Namespace, model: str, engines: list[str]) -> dict[str, dict]:
    """A result an engine."""
    with tempfile.TemporaryDirectory() as folder:
        command = [options.programs / "dnnbench", "run", model, *(f"--{e}" for e in engines)]
        command += [f"--repeat={options.repeat}", f"--output={folder}"]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stdout + done.stderr)
        results = [json.loads(file.read_text()) for file in Path(folder).glob("*.json")]
    return {result["engine"]: result for result in results}


def compare(options: argparse.Namespace, model: str) -> bool:
    alone = {engine: [] for engine in options.engine}
    together = {engine: [] for engine in options.engine}
    suspect = 0
    for number in range(options.rounds):
        for turn in (0, 1):
            if (number + turn) % 2 == 0:
                for engine in options.engine:
                    result = run(options, model, [engine])[engine]
                    alone[engine].append(result["latency_s"]["p50"])
                    suspect += result["noise"]["suspect"]
            else:
                for engine, result in run(options, model, options.engine).items():
                    together[engine].append(result["latency_s"]["p50"])
                    suspect += result["noise"]["suspect"]
    agree = True
    for engine in options.engine:
        ratios = [a / b for a, b in zip(together[engine], alone[engine])]
        ratio = statistics.median(ratios)
        agree = agree and abs(ratio - 1) <= LIMIT
        print(
            f"{Path(model).stem:22} {engine:12} {statistics.median(alone[engine]) * 1e3:9.3f} "
            f"{statistics.median(together[engine]) * 1e3:9.3f}   {ratio:.3f}  "
            f"[{min(ratios):.3f}, {max(ratios):.3f}]"
            + (f"  {suspect} runs suspect" if suspect else ""),
            flush=True,
        )
    return agree


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--engine", action="append", help="default: onnxruntime and openvino")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--repeat", type=int, default=60, help="experiments a run")
    programs = REPOSITORY / "build" / "release" / "bin"
    parser.add_argument("--programs", type=Path, default=programs, help=f"default: {programs}")
    options = parser.parse_args()
    options.engine = options.engine or ["onnxruntime", "openvino"]
    load = Path("/proc/loadavg").read_text().split()[0]
    print(f"{options.rounds} rounds, load average {load} at the start")
    print("medians in ms; ratio in turns/alone: median [least, greatest] of the rounds")
    print(f"{'model':22} {'engine':12} {'alone':>9} {'in turns':>9}   ratio")
    agree = [compare(options, model) for model in options.models]
    return 0 if all(agree) else 1


if __name__ == "__main__":
    sys.exit(main())
