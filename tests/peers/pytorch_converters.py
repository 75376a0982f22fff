"""Our PyTorch engine beside onnx2pytorch's module, and our saved files in stock Python PyTorch.

onnx2pytorch converts the same file; its module is traced, frozen and optimised for inference, as a user would deploy it. The two
take turns: in each round our engine is measured by `dnnbench run`, then the module here, with
the same threads and input. What `--save-converted` wrote is loaded with torch.jit.load, and its outputs are compared with the module's.

    ninja -C build/release dnnbench
    python=$(setup/python_env.sh pytorch_peers)
    $python tests/peers/pytorch_converters.py mobilenetv2-10 super-resolution-10

Exit status: 0 when every saved file agrees within 1e-4 of the output's size and no model is slower than onnx2pytorch's by more
than 2 %, 1 otherwise.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx2pytorch import ConvertModel

REPOSITORY = Path(__file__).resolve().parents[2]
SLOWER = 1.02
AGREE = 1e-4


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


def difference(a: list[torch.Tensor], b: list[torch.Tensor]) -> float:
    """The largest of any element, relative to the largest of its tensor."""
    worst = 0.0
    for left, right in zip(a, b, strict=True):
        size = float(right.abs().max()) or 1.0
        worst = max(worst, float((left.double() - right.double()).abs().max()) / size)
    return worst


def compare(model: str, options: argparse.Namespace) -> bool:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = run([options.programs / "dnnbench", "inspect", model, "--json"])
        description = json.loads(text)
        path = description["model_path"]
        arrays = make_inputs(description, folder)
        inputs = [torch.from_numpy(array) for array in arrays]
        names = [described["name"] for described in description["inputs"]]
        our_medians, their_medians = [], []
        module = theirs(path, inputs)
        for _ in range(options.rounds):
            result = ours(path, names, folder, options)
            our_medians.append(result["latency_s"]["p50"])
            their_medians.append(median_s(module, inputs, options.seconds))
        saved = torch.jit.load(result["converted_path"]).eval()
        error = difference(outputs_of(saved, inputs), outputs_of(module, inputs))
    ours_s, theirs_s = statistics.median(our_medians), statistics.median(their_medians)
    print(
        f"{model:22} ours {1e3 * ours_s:8.2f} ms  onnx2pytorch {1e3 * theirs_s:8.2f} ms"
        f"  ratio {ours_s / theirs_s:5.2f}  saved differs by {error:.0e}",
        flush=True,
    )
    return ours_s <= SLOWER * theirs_s and error <= AGREE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5, help="of measuring, a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--programs", type=Path, default=REPOSITORY / "build/release/bin")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    results = [compare(model, options) for model in options.models]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
