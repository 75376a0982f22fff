"""Our medians beside those of the vendors' own tools, on this machine, now.

OpenVINO: the benchmark_app of its Python package. ONNX Runtime: bare_onnxruntime.cpp, a loop of its C
interface and nothing else. The same model file, the same input, the same threads, f32. The two tools take turns,
each in a new process; a round is one run of each. On an idle machine the medians agree within 2 %.

    ninja -C build/release dnnbench bare_onnxruntime
    python=$(setup/python_env.sh peers)
    $python tests/peers/compare.py resnet50-v1-7 mobilenetv2-10

Exit status: 0 when every median ratio is within 2 %, 1 otherwise.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dnn-bench"
ONNXRUNTIME = CACHE / "engines/onnxruntime/1.31.1/onnxruntime/capi/libonnxruntime.so.1.31.1"
LIMIT = 0.02
ENGINES = ("onnxruntime", "openvino")
TYPES = {"float32": "f32", "int64": "i64"}  # benchmark_app's names


@dataclass
class Input:
    name: str
    type: str
    shape: list[int]
    symbols: list[str]
    file: Path


@dataclass
class Job:
    """One model, with the settings that all tools are given."""

    model: Path
    inputs: list[Input]
    threads: int
    seconds: float
    programs: Path
    folder: Path


def run(command: list[object]) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def write_input(described: dict, folder: Path) -> Input:
    """Values that every model takes: floats in [-1, 1), integers 0 or 1."""
    shape = [dimension["size"] for dimension in described["measured_as"]]
    random = np.random.default_rng(0)
    if described["type"] == "float32":
        values = random.uniform(-1, 1, shape).astype(np.float32)
    else:
        values = random.integers(0, 2, shape).astype(described["type"])
    file = folder / f"{described['name'].replace(':', '_')}.npy"
    np.save(file, values)
    symbols = [dimension["symbol"] for dimension in described["dimensions"]]
    return Input(described["name"], described["type"], shape, symbols, file)


def prepare(model: str, options: argparse.Namespace, folder: Path) -> Job:
    description = json.loads(run([options.programs / "dnnbench", "inspect", model, "--json"]))
    inputs = [write_input(described, folder) for described in description["inputs"]]
    path = Path(description["model_path"])
    return Job(path, inputs, options.threads, options.seconds, options.programs, folder)


def ours(job: Job, engine: str) -> dict:
    output = job.folder / "results"
    given = [f"--input={one.name}={one.file}" for one in job.inputs]
    settings = [f"--threads={job.threads}", f"--budget={job.seconds}", f"--output={output}"]
    run([job.programs / "dnnbench", "run", job.model, f"--{engine}", *settings, *given])
    (file,) = output.glob(f"*-{engine}-*.json")
    result = json.loads(file.read_text())
    if result["in_force"]["precision"] != "f32":
        sys.exit(f"{engine} computed in {result['in_force']['precision']}")
    return result


def bare_onnxruntime(job: Job) -> float:
    dimensions = {
        f"{symbol}:{size}"
        for one in job.inputs
        for symbol, size in zip(one.symbols, one.shape)
        if symbol
    }
    inputs = [f"{one.name}={one.file}" for one in job.inputs]
    program = job.programs / "bare_onnxruntime"
    command = [program, ONNXRUNTIME, job.model, job.threads, job.seconds]
    return statistics.median(json.loads(run([*command, *sorted(dimensions), *inputs])))


def benchmark_app(job: Job) -> float:
    # -nthreads and -hint exclude each other on its command line, but not in its configuration.
    configuration = job.folder / "benchmark_app.json"
    configuration.write_text(json.dumps({"CPU": {"INFERENCE_NUM_THREADS": str(job.threads)}}))
    shapes = ",".join(f"{one.name}{one.shape}".replace(" ", "") for one in job.inputs)
    # A name with a colon can't stand before a file; a single input needs none.
    files = ",".join(f"{one.name}:{one.file}" for one in job.inputs)
    if len(job.inputs) == 1:
        files = job.inputs[0].file
    # Pictures would become uint8 otherwise, with a conversion before the first layer.
    types = ",".join(f"{one.name}:{TYPES[one.type]}" for one in job.inputs)
    tool = Path(sys.executable).parent / "benchmark_app"
    command = [tool, "-m", job.model, "-d", "CPU", "-hint", "latency", "-infer_precision", "f32"]
    command += ["-load_config", configuration, "-shape", shapes, "-iop", types, "-i", files]
    command += ["-t", max(1, round(job.seconds)), "-json_stats", "-report_type", "no_counters"]
    run([*command, "-report_folder", job.folder])
    report = json.loads((job.folder / "benchmark_report.json").read_text())
    return float(report["execution_results"]["latency (ms)"]) / 1e3


PEERS = {
    "onnxruntime": ("bare C loop", bare_onnxruntime),
    "openvino": ("benchmark_app", benchmark_app),
}


def compare(job: Job, engine: str, rounds: int) -> bool:
    name, peer = PEERS[engine]
    our_times, their_times, disturbed = [], [], 0
    for number in range(rounds):
        # Who begins changes with each round, so that drift hits both alike.
        for turn in (0, 1):
            if (number + turn) % 2 == 0:
                result = ours(job, engine)
                our_times.append(result["latency_s"]["p50"])
                disturbed += result["noise"]["suspect"]
            else:
                their_times.append(peer(job))
    ratios = [a / b for a, b in zip(our_times, their_times)]
    ratio = statistics.median(ratios)
    print(
        f"{job.model.stem:22} {engine:12} {name:14} "
        f"{statistics.median(our_times) * 1e3:9.2f} {statistics.median(their_times) * 1e3:9.2f}"
        f"   {ratio:.3f}  [{min(ratios):.3f}, {max(ratios):.3f}]"
        + (f"  {disturbed} runs disturbed" if disturbed else ""),
        flush=True,
    )
    return abs(ratio - 1) <= LIMIT


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="default: both")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2, help="of measuring, each run")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    programs = REPOSITORY / "build" / "release" / "bin"
    parser.add_argument("--programs", type=Path, default=programs, help=f"default: {programs}")
    return parser.parse_args()


def main() -> int:
    options = parse_options()
    load = Path("/proc/loadavg").read_text().split()[0]
    print(f"{options.threads} threads, {options.rounds} rounds, load average {load} at the start")
    print("medians in ms; ratio ours/theirs: median [least, greatest] of the rounds")
    print(f"{'model':22} {'engine':12} {'peer':14} {'ours':>9} {'theirs':>9}   ratio")
    agree = True
    for model in options.models:
        with tempfile.TemporaryDirectory() as folder:
            job = prepare(model, options, Path(folder))
            for engine in options.engine or ENGINES:
                agree = compare(job, engine, options.rounds) and agree
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
