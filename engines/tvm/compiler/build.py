"""From a Relax module to a shared library and weights that TVM's runtime runs."""

from pathlib import Path

import tvm
from tvm import relax

from .default_schedule import apply_default_schedule
from .rewrite import KernelOf, use_kernels
from .vector_unit import vector_unit_of
from .weights import take_weights_out


def build_library(
    module: tvm.IRModule,
    target: tvm.target.Target,
    kernel_of: KernelOf | None,
    library: Path,
    weights: Path,
) -> None:
    """Writes the library, and its last parameters in TVM's format of weights."""
    executable, large = compile_module(module, target, kernel_of)
    executable.export_library(str(library))
    tvm.runtime.save_param_dict_to_file(large, str(weights))


def compile_module(
    module: tvm.IRModule, target: tvm.target.Target, kernel_of: KernelOf | None
) -> tuple[tvm.runtime.Executable, dict[str, tvm.runtime.Tensor]]:
    """The executable, not linked yet, and its last parameters."""
    lowered, large = take_weights_out(lower(module, target, kernel_of))
    return tvm.compile(lowered, target=target), large


def lower(
    module: tvm.IRModule, target: tvm.target.Target, kernel_of: KernelOf | None
) -> tvm.IRModule:
    """The module with every function scheduled; without kernels, as TVM does it by itself."""
    if kernel_of is not None:
        module = use_kernels(module, kernel_of)
    with target:
        module = tvm.transform.Sequential(
            [
                relax.transform.DecomposeOpsForInference(),
                relax.transform.CanonicalizeBindings(),
                relax.get_pipeline("zero"),
            ]
        )(module)
        if kernel_of is not None:
            module = apply_default_schedule(module, target, vector_unit_of(target))
        return module
