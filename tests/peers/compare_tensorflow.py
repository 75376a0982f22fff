"""The TensorFlow engine's conversion beside onnx2tf's, on this machine, now.

For each model: `dnnbench run --tf --save-converted` verifies the engine and keeps its SavedModel; onnx2tf makes one of
its own, where it can. Stock Python TensorFlow of the engine's version loads both, in one process, and runs them in
turns with the same input and threads. Our saved model's outputs there must be as right as the engine's were, and its
median at most onnx2tf's.

    ninja -C build/release dnnbench
    python=$(setup/python_env.sh tensorflow)
    setup/python_env.sh onnx2tf
    $python tests/peers/compare_tensorflow.py resnet50-v1-7 super-resolution-10 shufflenet-v2-10

Exit status: 0 when all outputs are right and no model is slower than onnx2tf's by more than 2 %, 1 otherwise.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
LIMIT = 1.02  # of the medians' ratio
ROUNDED = 1e-6  # an error as small as this is only rounding, whatever the engine's was


@dataclass
class Job:
    model: Path
    inputs: dict[str, np.ndarray]
    engine: dict  # the engine's result
    ours: Path  # SavedModel folders
    theirs: Path | None


def run(command: list[object], **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, **options
    )


def checked(command: list[object]) -> str:
    done = run(command)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def make_inputs(description: dict) -> dict[str, np.ndarray]:
    """Values that every model takes: floats in [0, 1), integers 0 or 1."""
    random = np.random.default_rng(0)
    inputs = {}
    for one in description["inputs"]:
        shape = [dimension["size"] for dimension in one["measured_as"]]
        floating = one["type"] == "float32"
        values = random.random(shape) if floating else random.integers(0, 2, shape)
        inputs[one["name"]] = values.astype(one["type"])
    return inputs


def measure_engine(
    model: str, inputs: dict, options: argparse.Namespace, folder: Path
) -> tuple[dict, Path]:
    given = []
    for number, (name, values) in enumerate(inputs.items()):
        file = folder / f"input{number}.npy"
        np.save(file, values)
        given.append(f"--input={name}={file}")
    output, converted = folder / "results", folder / "converted"
    settings = [f"--threads={options.threads}", f"--budget={options.seconds}", f"--output={output}"]
    program = options.programs / "dnnbench"
    # Status 1: not ok, as on a busy machine; the result says.
    run([program, "run", model, "--tf", f"--save-converted={converted}", *settings, *given])
    (file,) = output.rglob("*-tf-*.json")
    result = json.loads(file.read_text(encoding="utf-8"))
    return result, Path(result["converted_path"])


def convert_with_onnx2tf(model: Path, inputs: dict, folder: Path) -> Path | None:
    python = checked([REPOSITORY / "setup" / "python_env.sh", "onnx2tf"]).strip()
    folder.mkdir()
    # It may write into its model, and would download pictures to try the conversion with.
    shutil.copy(model, folder / "model.onnx")
    pictures = np.random.default_rng(0).random((20, 128, 128, 3), dtype=np.float32)
    np.save(folder / "calibration_image_sample_data_20x128x128x3_float32.npy", pictures)
    batch = next(iter(inputs.values())).shape[0]
    command = [python, "-m", "onnx2tf", "-i", "model.onnx", "-o", "converted", "-n", "-b", batch]
    try:
        done = run(command, timeout=300, cwd=folder)
    except subprocess.TimeoutExpired:
        return None
    converted = folder / "converted"
    return converted if done.returncode == 0 and (converted / "saved_model.pb").exists() else None


def reference(job: Job) -> dict[str, np.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(job.model), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, job.inputs)))


def error(found: np.ndarray, expected: np.ndarray) -> float:
    """As the results' own: relative to the element or to the root mean square, whichever is larger."""
    found, expected = found.astype(np.float64), expected.astype(np.float64)
    scale = np.maximum(np.abs(expected), np.sqrt(np.mean(expected**2)) or 1)
    return float(np.max(np.abs(found - expected) / scale, initial=0))


def load(folder: Path):
    """The signature and the model, which the signature needs alive."""
    import tensorflow as tf

    model = tf.saved_model.load(str(folder))
    return model.signatures["serving_default"], model


def arguments(signature, inputs: dict) -> dict:
    """Ours go by name; onnx2tf renames, and wants channels last."""
    import tensorflow as tf

    wanted = signature.structured_input_signature[1]
    given = {}
    for (name, spec), (ours, values) in zip(sorted(wanted.items()), sorted(inputs.items())):
        values = inputs.get(name, values)
        if list(spec.shape) != list(values.shape) and values.ndim == 4:
            values = values.transpose(0, 2, 3, 1)
        given[name] = tf.constant(values, spec.dtype)
    return given


def times(signature, given: dict, seconds: float) -> list[float]:
    end, durations = time.perf_counter() + seconds, []
    while time.perf_counter() < end or len(durations) < 3:
        start = time.perf_counter()
        signature(**given)
        durations.append(time.perf_counter() - start)
    return durations


def median_in_turns(signatures: list, job: Job, options: argparse.Namespace) -> list[float]:
    given = [arguments(signature, job.inputs) for signature in signatures]
    for signature, one in zip(signatures, given):
        times(signature, one, 0.5)
    found = [[] for _ in signatures]
    for number in range(options.rounds):
        # Who begins changes with each round, so that drift hits both alike.
        for turn in range(len(signatures)):
            which = (number + turn) % len(signatures)
            found[which] += times(signatures[which], given[which], options.seconds / 2)
    return [statistics.median(durations) for durations in found]


def compare(job: Job, options: argparse.Namespace) -> bool:
    signature, ours = load(job.ours)
    outputs = signature(**arguments(signature, job.inputs))
    worst = max(error(outputs[name].numpy(), values) for name, values in reference(job).items())
    loaded = [(signature, ours)] + ([load(job.theirs)] if job.theirs else [])
    medians = median_in_turns([one for one, _ in loaded], job, options)
    ratio = medians[0] / medians[1] if job.theirs else None
    engine_error = job.engine["verification"]["max_rel_error"]
    right = job.engine["outcome"] == "ok" and worst <= max(2 * engine_error, ROUNDED)
    print(
        f"{job.model.stem:22} {engine_error:9.0e} {worst:9.0e} {job.engine['convert_s']:9.3f}"
        f" {job.engine['latency_s']['p50'] * 1e3:9.2f} {medians[0] * 1e3:9.2f}"
        + (f" {medians[1] * 1e3:9.2f}   {ratio:.3f}" if job.theirs else "         -       -")
        + ("" if right else "  NOT THE SAME OUTPUTS"),
        flush=True,
    )
    return right and (ratio is None or ratio <= LIMIT)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=3, help="of measuring, each round")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--saved-only", action="store_true", help="without onnx2tf's conversion")
    programs = REPOSITORY / "build" / "release" / "bin"
    parser.add_argument("--programs", type=Path, default=programs, help=f"default: {programs}")
    return parser.parse_args()


def main() -> int:
    options = parse_options()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    print(f"{options.threads} threads, {options.rounds} rounds, TensorFlow {tf.__version__}")
    print(
        "error: of the engine, and of its saved model in Python; medians in ms: of the engine, of its saved model and"
    )
    print("of onnx2tf's in Python, and their ratio")
    print(
        f"{'model':22} {'error':>9} {'saved':>9} {'convert s':>9} {'engine':>9} {'saved':>9} {'onnx2tf':>9}   ratio"
    )
    good = True
    for model in options.models:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            inspected = checked([options.programs / "dnnbench", "inspect", model, "--json"])
            description = json.loads(inspected)
            inputs = make_inputs(description)
            path = Path(description["model_path"])
            engine, ours = measure_engine(model, inputs, options, folder)
            theirs = None
            if not options.saved_only:
                theirs = convert_with_onnx2tf(path, inputs, folder / "onnx2tf")
            good = compare(Job(path, inputs, engine, ours, theirs), options) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
