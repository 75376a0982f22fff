"""Our PyTorch engine beside onnx2pytorch's module, and our saved files in stock Python PyTorch.

onnx2pytorch converts the same file; its module is traced, frozen and optimised for inference, as a user would deploy it. The two
take turns: in each round our engine is measured by `dnnbench run`, then the module here, with
the same threads and input, and with malloc set to keep freed memory, as the engine sets it. What `--save-converted` wrote is loaded with
torch.jit.load; its outputs must be as right as the engine's were, by ONNX Runtime. onnx2pytorch's must too, to count as working.

    ninja -C build/release dnnbench
    python=$(setup/python_env.sh pytorch_peers)
    $python tests/peers/pytorch_converters.py mobilenetv2-10 super-resolution-10

Columns: the error of the engine, and of its saved file in Python; medians in ms of the engine and of onnx2pytorch's module, their ratio,
and the error of the module or why there is none.

Exit status: 0 when every saved file is right and no model is slower than onnx2pytorch's, where that works, by more than 2 %, 1 otherwise.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx2pytorch import ConvertModel

REPOSITORY = Path(__file__).resolve().parents[2]
SLOWER = 1.02
ROUNDED = 1e-6  # an error as small as this is only rounding, whatever the engine's was
WRONG = 1e-2  # of onnx2pytorch's outputs, beyond which it does not work
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "2147483647", "MALLOC_TRIM_THRESHOLD_": "2147483647"}


def run(command: list[object]) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def make_inputs(description: dict, folder: Path) -> list[np.ndarray]:
    """Values that every model takes, and our flags to give them."""
    random = np.random.default_rng(0)
    arrays = []
    for described in description["inputs"]:
        shape = [dimension["size"] for dimension in described["measured_as"]]
        if described["type"] == "float32":
            array = random.uniform(-1, 1, shape).astype(np.float32)
        else:
            array = random.integers(0, 2, shape).astype(described["type"])
        np.save(folder / f"{len(arrays)}.npy", array)
        arrays.append(array)
    return arrays


def ours(path: str, names: list[str], folder: Path, options: argparse.Namespace) -> dict:
    flags = [f"--input={name}={folder / str(i)}.npy" for i, name in enumerate(names)]
    run(
        [options.programs / "dnnbench", "run", path, "--pytorch", f"--threads={options.threads}"]
        + [
            f"--budget={options.seconds}",
            f"--output={folder}",
            f"--save-converted={folder}",
            *flags,
        ]
    )
    (file,) = folder.glob("*.json")
    result = json.loads(file.read_text(encoding="utf-8"))
    file.unlink()
    return result


def median_s(module: torch.nn.Module, inputs: list[torch.Tensor], seconds: float) -> float:
    with torch.inference_mode():
        for _ in range(3):
            module(*inputs)
        times = []
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            start = time.perf_counter()
            module(*inputs)
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def theirs(path: str, inputs: list[torch.Tensor]) -> torch.nn.Module:
    module = ConvertModel(onnx.load(path)).eval()
    with torch.no_grad():
        traced = torch.jit.trace(module, tuple(inputs), check_trace=False)
        return torch.jit.optimize_for_inference(torch.jit.freeze(traced.eval()))


def outputs_of(module: torch.nn.Module, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
    with torch.inference_mode():
        result = module(*inputs)
    return [result] if isinstance(result, torch.Tensor) else list(result)


# Run by the Python of the environment `tests`, which has ONNX Runtime: MODEL FOLDER NAME...
REFERENCE = """
import sys, numpy, onnxruntime
model, folder, *names = sys.argv[1:]
given = {name: numpy.load(f"{folder}/{i}.npy") for i, name in enumerate(names)}
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
numpy.savez(f"{folder}/right.npz", *session.run(None, given))
"""


def right_outputs(path: str, names: list[str], folder: Path) -> list[np.ndarray]:
    python = run([REPOSITORY / "setup" / "python_env.sh", "tests"]).strip()
    run([python, "-c", REFERENCE, path, folder, *names])
    right = np.load(folder / "right.npz")
    return [right[name] for name in right.files]


def error(found: list[torch.Tensor], right: list[np.ndarray]) -> float:
    """As the results' own: relative to the element or to the root mean square, whichever is larger."""
    worst = 0.0
    for ours, expected in zip(found, right, strict=True):
        expected = expected.astype(np.float64)
        scale = np.maximum(np.abs(expected), np.sqrt(np.mean(expected**2)) or 1)
        difference = np.abs(ours.numpy().astype(np.float64) - expected) / scale
        worst = max(worst, float(np.max(difference, initial=0)))
    return worst


def try_theirs(path: str, inputs: list, right: list) -> tuple[torch.nn.Module | None, str]:
    """Their module, and its error or why there is none."""
    try:
        module = theirs(path, inputs)
        wrong_by = error(outputs_of(module, inputs), right)
    except Exception as failure:  # noqa: BLE001, whatever a converter throws
        return None, f"fails: {type(failure).__name__}"
    return (module if wrong_by < WRONG else None), f"{wrong_by:.0e}"


def compare(model: str, options: argparse.Namespace) -> bool:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = run([options.programs / "dnnbench", "inspect", model, "--json"])
        description = json.loads(text)
        path = description["model_path"]
        arrays = make_inputs(description, folder)
        inputs = [torch.from_numpy(array) for array in arrays]
        names = [described["name"] for described in description["inputs"]]
        right = right_outputs(path, names, folder)
        module, their_error = try_theirs(path, inputs, right)
        our_medians, their_medians = [], []
        for _ in range(options.rounds if module else 1):
            result = ours(path, names, folder, options)
            our_medians.append(result["latency_s"]["p50"])
            if module:
                their_medians.append(median_s(module, inputs, options.seconds))
        saved = torch.jit.load(result["converted_path"]).eval()
        saved_error = error(outputs_of(saved, inputs), right)
    engine_error = result["verification"]["max_rel_error"]
    is_right = result["outcome"] == "ok" and saved_error <= max(2 * engine_error, ROUNDED)
    ours_s = statistics.median(our_medians)
    theirs_s = statistics.median(their_medians) if module else None
    print(
        f"{model:22} {engine_error:9.0e} {saved_error:9.0e} {1e3 * ours_s:9.2f}"
        + (
            f" {1e3 * theirs_s:12.2f}   {ours_s / theirs_s:.3f}"
            if module
            else "            -       -"
        )
        + f"   {their_error}"
        + ("" if is_right else "  NOT THE SAME OUTPUTS"),
        flush=True,
    )
    return is_right and (not module or ours_s <= SLOWER * theirs_s)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=float, default=5, help="of measuring, a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--programs", type=Path, default=REPOSITORY / "build/release/bin")
    options = parser.parse_args()
    if len(options.models) > 1:
        # TorchScript takes the second module of a class in a process for the first.
        flags = [flag for flag in sys.argv[1:] if flag not in options.models]
        codes = [
            subprocess.run([sys.executable, __file__, one, *flags]).returncode
            for one in options.models
        ]
        return max(codes)
    if not KEEP_MEMORY.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | KEEP_MEMORY)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(options.threads)
    return 0 if compare(options.models[0], options) else 1


if __name__ == "__main__":
    sys.exit(main())
