"""From a Relax module to a shared library and weights that TVM's runtime runs."""

from pathlib import Path

import tvm
from tvm import relax

from .dataflow import types_in
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
) -> dict[str, str]:
    """Writes the library, and its last parameters in TVM's format of weights. Returns the facts about it."""
    lowered, large = take_weights_out(lower(module, target, kernel_of))
    tvm.compile(lowered, target=target).export_library(str(library))
    tvm.runtime.save_param_dict_to_file(large, str(weights))
    return precision_of(types_in(lowered["main"]))


def try_to_build(
    module: tvm.IRModule, target: tvm.target.Target, kernel_of: KernelOf | None
) -> None:
    """Throws what build_library would, and writes nothing."""
    lowered, _ = take_weights_out(lower(module, target, kernel_of))
    tvm.compile(lowered, target=target)


_COARSEST_FIRST = {"bfloat16": "bf16", "float16": "f16", "float32": "f32"}


def precision_of(types: set[str]) -> dict[str, str]:
    """As src/protocol/precision.h names that of the values that kernels take and give."""
    found = [name for kind, name in _COARSEST_FIRST.items() if kind in types]
    if len(found) > 1:
        return {"precision": "mixed", "coarsest_type": found[0]}
    return {"precision": (found or ["f64" if "float64" in types else "f32"])[0]}


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
