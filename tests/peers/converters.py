"""Our conversion beside others', and what we save in the libraries' own Python packages, on this machine, now.

For each model `dnnbench run --pytorch --save-converted` (or --tf) verifies the engine and keeps what it converted; onnx2pytorch
(or onnx2tf) converts the same file, where it can. Stock Python PyTorch (or TensorFlow) of the engine's version loads both into
one process and runs them in turns with the same input and threads, each as its users deploy it. What we saved must give outputs
as right as the engine's, by ONNX Runtime, and take at most as long as theirs. Theirs must be right, too, to count as working.

    ninja -C build/release dnnbench
    $(setup/python_env.sh pytorch_peers) tests/peers/converters.py pytorch mobilenetv2-10 mosaic-9
    setup/python_env.sh onnx2tf
    $(setup/python_env.sh tensorflow) tests/peers/converters.py tf resnet50-v1-7 super-resolution-10

Prints rows of docs/engines.md's tables: the errors of the engine and of what it saved; medians in ms of the engine, of what it
saved and of theirs; the ratio of the last two; the error of theirs, or why there is none.

Exit status: 0 when everything saved is right and none is slower than theirs by more than 2 %, 1 otherwise.
"""

import argparse
import importlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
SLOWER = 1.02  # of the medians' ratio
ROUNDED = 1e-6  # an error as small as this is only rounding, whatever the engine's was
WRONG = 1e-2  # of the others' outputs, beyond which they do not work
# glibc's malloc as the engine `pytorch` sets it (engines/pytorch/decisions/0018-keep-the-memory-that-an-inference-frees.md)
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "2147483647", "MALLOC_TRIM_THRESHOLD_": "2147483647"}

# Run apart, by this Python or that of the environment `tests`, whichever has ONNX Runtime: MODEL FOLDER NAME...
REFERENCE = """
import sys, numpy, onnxruntime
model, folder, *names = sys.argv[1:]
given = {name: numpy.load(f"{folder}/{i}.npy") for i, name in enumerate(names)}
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
outputs = [output.name for output in session.get_outputs()]
numpy.savez(f"{folder}/right.npz", *session.run(outputs, given))
print("\\n".join(outputs))
"""


@dataclass
class Job:
    """One model, with what all runs of it are given."""

    model: Path
    inputs: dict[str, np.ndarray]
    folder: Path


@dataclass
class Loaded:
    """A model that the library has loaded: `run` is one inference, `outputs` makes arrays of what it returned."""

    run: Callable[[], object]
    outputs: Callable[[object], dict[str, np.ndarray]]


class Broken(Exception):
    """Why a converter's model can't be used."""


def checked(command: list[object], good: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode not in good:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def prepare(model: str, options: argparse.Namespace, folder: Path) -> Job:
    """Values that every model takes: floats in [-1, 1), integers 0 or 1."""
    text = checked([options.programs / "dnnbench", "inspect", model, "--json"])
    description = json.loads(text)
    random = np.random.default_rng(0)
    inputs = {}
    for described in description["inputs"]:
        shape = [dimension["size"] for dimension in described["measured_as"]]
        if described["type"] == "float32":
            values = random.uniform(-1, 1, shape)
        else:
            values = random.integers(0, 2, shape)
        np.save(folder / f"{len(inputs)}.npy", values.astype(described["type"]))
        inputs[described["name"]] = values.astype(described["type"])
    return Job(Path(description["model_path"]), inputs, folder)


def measure_engine(job: Job, options: argparse.Namespace) -> dict:
    given = [f"--input={name}={job.folder / str(i)}.npy" for i, name in enumerate(job.inputs)]
    folders = [f"--output={job.folder}/results", f"--save-converted={job.folder}/converted"]
    settings = [f"--threads={options.threads}", f"--budget={options.seconds}"]
    program = options.programs / "dnnbench"
    command = [program, "run", job.model, f"--{options.engine}", *folders, *settings, *given]
    checked(command, good=(0, 1))  # 1: not ok, as on a busy machine; the result says
    (file,) = (job.folder / "results").glob("*.json")
    return json.loads(file.read_text(encoding="utf-8"))


def right_outputs(job: Job) -> dict[str, np.ndarray]:
    python = sys.executable
    if importlib.util.find_spec("onnxruntime") is None:
        python = checked([REPOSITORY / "setup" / "python_env.sh", "tests"]).strip()
    names = checked([python, "-c", REFERENCE, job.model, job.folder, *job.inputs]).split("\n")[:-1]
    right = np.load(job.folder / "right.npz")
    return {name: right[file] for name, file in zip(names, right.files, strict=True)}


def error(found: np.ndarray, expected: np.ndarray) -> float:
    """As the results' own: relative to the element or to the root mean square, whichever is larger."""
    found, expected = found.astype(np.float64), expected.astype(np.float64)
    scale = np.maximum(np.abs(expected), np.sqrt(np.mean(expected**2)) or 1)
    return float(np.max(np.abs(found - expected) / scale, initial=0))


def saved_error(saved: Loaded, right: dict[str, np.ndarray]) -> float:
    found = saved.outputs(saved.run())
    return max(error(found[name], expected) for name, expected in right.items())


def peer_error(peer: Loaded, right: dict[str, np.ndarray]) -> float:
    """Converters rename outputs and may store channels last: any output that fits counts."""
    found = list(peer.outputs(peer.run()).values())
    found += [one.transpose(0, 3, 1, 2) for one in found if one.ndim == 4]

    def nearest(expected: np.ndarray) -> float:
        fitting = [one for one in found if one.shape == expected.shape]
        return min((error(one, expected) for one in fitting), default=float("inf"))

    return max(nearest(expected) for expected in right.values())


def load_peer(side, job: Job, right: dict) -> tuple[Loaded | None, str]:
    """The other converter's model, and its error or why there is none."""
    try:
        peer = side.load_peer(job)
        wrong_by = peer_error(peer, right)
    except Exception as failure:  # noqa: BLE001, whatever a converter throws
        return None, f"fails: {failure if isinstance(failure, Broken) else type(failure).__name__}"
    if wrong_by < WRONG:
        return peer, f"{wrong_by:.0e}"
    return None, f"wrong by {wrong_by:.1g}"


def times_s(loaded: Loaded, seconds: float) -> list[float]:
    end, durations = time.perf_counter() + seconds, []
    while time.perf_counter() < end or len(durations) < 3:
        start = time.perf_counter()
        loaded.run()
        durations.append(time.perf_counter() - start)
    return durations


def medians_in_turns_s(loaded: list[Loaded], options: argparse.Namespace) -> list[float]:
    for one in loaded:
        times_s(one, 1)
    found = [[] for _ in loaded]
    for number in range(options.rounds):
        # Who begins changes with each round, so that drift hits both alike.
        for turn in range(len(loaded)):
            which = (number + turn) % len(loaded)
            found[which] += times_s(loaded[which], options.seconds / options.rounds)
    return [statistics.median(durations) for durations in found]


def compare(job: Job, options: argparse.Namespace) -> bool:
    # Imports the library, which takes seconds.
    side = importlib.import_module(f"converters_{options.engine}")
    side.prepare(options.threads)
    engine = measure_engine(job, options)
    right = right_outputs(job)
    if engine["outcome"] != "ok":
        print(f"| {job.model.stem} | {engine['outcome']}: {engine['reason']} |", flush=True)
        return False
    saved = side.load_saved(Path(engine["converted_path"]), job)
    saved_is_off = saved_error(saved, right)
    peer, why = (None, "-") if options.saved_only else load_peer(side, job, right)
    medians = medians_in_turns_s([saved, peer] if peer else [saved], options)
    engine_error = engine["verification"]["max_rel_error"]
    ratio = medians[0] / medians[1] if peer else None
    cells = [job.model.stem, f"{engine_error:.0e}", f"{saved_is_off:.0e}"]
    cells += [f"{1e3 * engine['latency_s']['p50']:.2f}", *(f"{1e3 * one:.2f}" for one in medians)]
    cells += [f"{ratio:.3f}"] if peer else ["-", "-"]
    is_right = saved_is_off <= max(2 * engine_error, ROUNDED)
    cells.append(why + ("" if is_right else ", NOT THE SAME OUTPUTS"))
    print(f"| {' | '.join(cells)} |", flush=True)
    return is_right and (ratio is None or ratio <= SLOWER)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("engine", choices=["pytorch", "tf"])
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=9, help="of measuring, each of the three")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--saved-only", action="store_true", help="without the other converter")
    parser.add_argument("--default-malloc", action="store_true", help="free memory as glibc does")
    programs = REPOSITORY / "build" / "release" / "bin"
    parser.add_argument("--programs", type=Path, default=programs, help=f"default: {programs}")
    return parser.parse_args()


def main() -> int:
    options = parse_options()
    flags = [flag for flag in sys.argv[2:] if flag not in options.models]
    if len(options.models) > 1:
        # A process each: TorchScript takes the second module of a class for the first.
        command = [sys.executable, __file__, options.engine]
        return max([subprocess.run([*command, one, *flags]).returncode for one in options.models])
    if not options.default_malloc and not KEEP_MEMORY.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | KEEP_MEMORY)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return 0 if compare(prepare(options.models[0], options, folder), options) else 1


if __name__ == "__main__":
    sys.exit(main())
