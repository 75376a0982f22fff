"""Our median and 90th percentile beside those of other tools, on this machine, now.

OpenVINO: the benchmark_app of its Python package. ONNX Runtime: bare_onnxruntime.cpp, a loop of its C
interface and nothing else; and MLPerf's LoadGen in its scenario SingleStream. The same model file, the same input,
the same threads, f32. The tools take turns, each in a new process; a round is one run of each. On an idle machine
the medians agree within 2 %, the 90th percentiles within 5 %.

    ninja -C build/release dnnbench bare_onnxruntime
    python=$(setup/python_env.sh peers)
    $python tests/peers/compare.py resnet50-v1-7 mobilenetv2-10

Exit status: 0 when every ratio (its median over the rounds) is so near to 1, 1 otherwise.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Percentiles = dict[str, float]  # "p50", "p90": seconds

REPOSITORY = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dnn-bench"
ONNXRUNTIME = CACHE / "engines/onnxruntime/1.31.1/onnxruntime/capi/libonnxruntime.so.1.31.1"
LIMITS = {"p50": 0.02, "p90": 0.05}
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


def shapes_and_inputs(job: Job) -> list[str]:
    """The arguments DIMENSION:SIZE and INPUT=FILE of the peers that run ONNX Runtime."""
    sizes = {
        f"{symbol}:{size}"
        for one in job.inputs
        for symbol, size in zip(one.symbols, one.shape)
        if symbol
    }
    return [*sorted(sizes), *(f"{one.name}={one.file}" for one in job.inputs)]


def bare_onnxruntime(job: Job) -> Percentiles:
    program = job.programs / "bare_onnxruntime"
    command = [program, ONNXRUNTIME, job.model, job.threads, job.seconds]
    times_s = sorted(json.loads(run([*command, *shapes_and_inputs(job)])))
    nearest_rank = math.ceil(0.9 * len(times_s)) - 1
    return {"p50": statistics.median(times_s), "p90": times_s[nearest_rank]}


def loadgen(job: Job) -> Percentiles:
    program = Path(__file__).parent / "loadgen_onnxruntime.py"
    command = [sys.executable, program, job.model, job.threads, job.seconds]
    return json.loads(run([*command, *shapes_and_inputs(job)]))


def benchmark_app(job: Job) -> Percentiles:
    """It reports one percentile per run."""
    return {"p50": benchmark_app_s(job, 50), "p90": benchmark_app_s(job, 90)}


def benchmark_app_s(job: Job, percent: int) -> float:
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
    run([*command, "-latency_percentile", percent, "-report_folder", job.folder])
    report = json.loads((job.folder / "benchmark_report.json").read_text())
    name = "latency (ms)" if percent == 50 else f"latency ({percent} percentile) (ms)"
    return float(report["execution_results"][name]) / 1e3


PEERS = {
    "onnxruntime": {"bare C loop": bare_onnxruntime, "LoadGen": loadgen},
    "openvino": {"benchmark_app": benchmark_app},
}


def compare(job: Job, engine: str, rounds: int) -> bool:
    """Prints a line for each peer and percentile; whether all agree."""
    peers = PEERS[engine]
    disturbed = 0

    def our_percentiles(job: Job) -> Percentiles:
        nonlocal disturbed
        result = ours(job, engine)
        disturbed += result["noise"]["suspect"]
        return result["latency_s"]

    tools = [("ours", our_percentiles), *peers.items()]
    figures = {name: [] for name, _ in tools}
    for number in range(rounds):
        # Who begins changes with each round, so that drift hits all alike.
        for turn in range(len(tools)):
            name, measure = tools[(number + turn) % len(tools)]
            figures[name].append(measure(job))
    lines = [
        report(job, engine, peer, percentile, figures["ours"], figures[peer])
        for peer in peers
        for percentile in LIMITS
    ]
    if disturbed:
        print(f"{disturbed} of our {rounds} runs were disturbed", flush=True)
    return all(lines)


def report(
    job: Job,
    engine: str,
    peer: str,
    percentile: str,
    ours: list[Percentiles],
    theirs: list[Percentiles],
) -> bool:
    start = f"{job.model.stem:22} {engine:12} {peer:14} {percentile}"
    pairs = [(a[percentile], b[percentile]) for a, b in zip(ours, theirs) if percentile in a]
    if not pairs:
        print(f"{start}   too few inferences per run: longer with --seconds", flush=True)
        return False
    ratios = [a / b for a, b in pairs]
    ratio = statistics.median(ratios)
    our_ms, their_ms = (1e3 * statistics.median(side) for side in zip(*pairs))
    print(
        f"{start} {our_ms:9.2f} {their_ms:9.2f}   {ratio:.3f}  [{min(ratios):.3f}, {max(ratios):.3f}]",
        flush=True,
    )
    return abs(ratio - 1) <= LIMITS[percentile]


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--engine", choices=PEERS, action="append", help="default: both")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5, help="of measuring, each run")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    programs = REPOSITORY / "build" / "release" / "bin"
    parser.add_argument("--programs", type=Path, default=programs, help=f"default: {programs}")
    return parser.parse_args()


def main() -> int:
    options = parse_options()
    load = Path("/proc/loadavg").read_text().split()[0]
    print(f"{options.threads} threads, {options.rounds} rounds, load average {load} at the start")
    print("times in ms; ratio ours/theirs: median [min, max] of the rounds")
    print(f"{'model':22} {'engine':12} {'peer':14}     {'ours':>9} {'theirs':>9}   ratio")
    agree = True
    for model in options.models:
        with tempfile.TemporaryDirectory() as folder:
            job = prepare(model, options, Path(folder))
            for engine in options.engine or PEERS:
                agree = compare(job, engine, options.rounds) and agree
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
