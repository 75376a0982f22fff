"""From a Relax module to a shared library that TVM's runtime runs."""

from enum import Enum
from pathlib import Path

import tvm
from tvm import relax

from .default_schedule import apply_default_schedule
from .rewrite import use_kernels
from .vector_unit import vector_unit_of


class Schedules(Enum):
    OWN = "own"
    NONE = "none"  # what TVM does by itself


def build_library(
    module: tvm.IRModule, target: tvm.target.Target, schedules: Schedules, path: Path
) -> None:
    lower(module, target, schedules).export_library(str(path))


def lower(
    module: tvm.IRModule, target: tvm.target.Target, schedules: Schedules
) -> relax.VMExecutable:
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
        return tvm.compile(module, target=target)
