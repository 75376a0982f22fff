"""From a Relax module to a shared library and weights that TVM's runtime runs."""

from enum import Enum
from pathlib import Path

import tvm
from tvm import relax

from .default_schedule import apply_default_schedule
from .rewrite import use_kernels
from .vector_unit import vector_unit_of
from .weights import take_weights_out


class Schedules(Enum):
    OWN = "own"
    NONE = "none"  # what TVM does by itself


def build_library(
    module: tvm.IRModule,
    target: tvm.target.Target,
    schedules: Schedules,
    library: Path,
    weights: Path,
) -> None:
    """Writes the library, and its last parameters in TVM's format of weights."""
    lowered, large = take_weights_out(lower(module, target, schedules))
    tvm.compile(lowered, target=target).export_library(str(library))
    tvm.runtime.save_param_dict_to_file(large, str(weights))


def lower(module: tvm.IRModule, target: tvm.target.Target, schedules: Schedules) -> tvm.IRModule:
    """The module with every function scheduled."""
    unit = vector_unit_of(target)
    if schedules is Schedules.OWN:
        module = use_kernels(module, unit)
    with target:
        module = tvm.transform.Sequential(
            [
                relax.transform.DecomposeOpsForInference(),
                relax.transform.CanonicalizeBindings(),
                relax.get_pipeline("zero"),
            ]
        )(module)
        if schedules is Schedules.OWN:
            module = apply_default_schedule(module, target, unit)
        return module
