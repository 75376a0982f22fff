"""converters.py's PyTorch: files that we saved, and onnx2pytorch's modules, in stock Python PyTorch."""

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from converters import Job, Loaded
from onnx2pytorch import ConvertModel


def prepare(threads: int) -> None:
    warnings.filterwarnings("ignore")
    torch.set_num_threads(threads)


def arrays(names: list[str], result: object) -> dict[str, np.ndarray]:
    tensors = [result] if isinstance(result, torch.Tensor) else list(result)
    return {name: tensor.numpy() for name, tensor in zip(names, tensors, strict=True)}


def output_names(model: Path) -> list[str]:
    return [one.name for one in onnx.load(model, load_external_data=False).graph.output]


def optimized(module: torch.jit.ScriptModule, job: Job) -> Loaded:
    """As the engine and users have it: frozen and optimised for inference."""
    module = torch.jit.optimize_for_inference(torch.jit.freeze(module.eval()))
    names = output_names(job.model)
    inputs = [torch.from_numpy(values) for values in job.inputs.values()]

    @torch.inference_mode()
    def run() -> object:
        return module(*inputs)

    return Loaded(run, lambda result: arrays(names, result))


def load_saved(path: Path, job: Job) -> Loaded:
    return optimized(torch.jit.load(path), job)


def load_peer(job: Job) -> Loaded:
    module = ConvertModel(onnx.load(job.model)).eval()
    inputs = tuple(torch.from_numpy(values) for values in job.inputs.values())
    with torch.no_grad():
        return optimized(torch.jit.trace(module, inputs, check_trace=False), job)
