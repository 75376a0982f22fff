"""Betters a compiled model: searches for faster schedules of its kernels, and takes those that are
faster beyond doubt, each by itself and all of them in the model.

Whatever runs compiled code runs in a child (child.py). When one crashes or hangs, what was compiled
before stays, and what was measured is in the records for the next time.
"""

import fcntl
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tvm
from tvm import relax, s_tir

from .build import build_library
from .child import run_in_child
from .kernels import Kernel, make_kernel, schedule_kernel
from .plans import all_plans
from .records import FAILED_S, Records, defined_module
from .rewrite import kernels_in
from .search import search
from .trials import Bench, KernelUse, in_turns, is_faster, ratio_of
from .vector_unit import VectorUnit, vector_unit_of

_LEAST_GAIN = 0.02  # of a kernel, to be taken
_LEAST_GAIN_OF_MODEL = 0.005
_KERNEL_ROUNDS = 15
_KERNEL_S = 1.0
_MODEL_ROUNDS = 31
_MODEL_S = 15.0
_GRACE_S = 10.0  # of the search: for the trial that was begun in time, and for reading the records
_LIMIT_S = 120.0  # of a comparison, which takes a fraction of it


@dataclass(frozen=True)
class Files:
    library: Path
    weights: Path


@dataclass
class Tuned:
    """What came of it."""

    settings: dict[str, str] = field(default_factory=dict)
    searched_s: float = 0
    is_exhausted: bool = False  # there is nothing left to try


def tune(
    module: tvm.IRModule,
    target: tvm.target.Target,
    folder: Path,
    budget_s: float,
    own: Files,
    written: Files,
) -> Tuned:
    """Writes the better model, or the own one again. The records are kept in the folder."""
    return _Tuning(module, target, own, written).run(folder, budget_s)


class _Tuning:
    def __init__(self, module: tvm.IRModule, target: tvm.target.Target, own: Files, written: Files):
        self.module, self.target = module, target
        self.own, self.written = own, written
        self.unit = vector_unit_of(target)
        self.uses = [KernelUse(*kernel, calls) for kernel, calls in kernels_in(module).items()]
        self.tuned = Tuned()

    def run(self, folder: Path, budget_s: float) -> Tuned:
        records = self._search(folder, budget_s)
        faster = self._confirmed(_promising(self.uses, records, self.unit))
        is_tuned = bool(faster) and self._is_better(faster)
        if not is_tuned:
            shutil.copy(self.own.library, self.written.library)
            shutil.copy(self.own.weights, self.written.weights)
        self.tuned.settings |= {
            "schedules": "tuned" if is_tuned else "own",
            "tuned_functions": f"{len(faster) if is_tuned else 0} of {len(self.uses)}",
            "tuning_trials": str(len(records.seconds)),
        }
        return self.tuned

    def _search(self, folder: Path, budget_s: float) -> Records:
        """One process at a time, since the records are numbered."""
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            start = time.monotonic()
            self.tuned.is_exhausted = bool(
                self._in_child(
                    "the search",
                    lambda: search(
                        self.uses, self.unit, self.target, folder, time.monotonic() + budget_s
                    ),
                    budget_s + _GRACE_S,
                )
            )
            self.tuned.searched_s = time.monotonic() - start
            return Records(folder, self.target)

    def _confirmed(self, promising: dict[KernelUse, Kernel]) -> dict[KernelUse, Kernel]:
        """Those that are faster again, in turns with the usual ones."""
        kernels = list(promising.items())
        faster = self._in_child(
            "the comparison of functions",
            lambda: [i for i, kernel in enumerate(kernels) if self._is_faster(*kernel)],
            _LIMIT_S,
        )
        return dict(kernels[i] for i in faster or [])

    def _is_faster(self, use: KernelUse, kernel: Kernel) -> bool:
        bench = Bench(use, self.target)
        usual = bench.prepare(make_kernel(use.shape, use.epilogue, self.unit))
        seconds = in_turns(usual, bench.prepare(kernel), _KERNEL_ROUNDS, _KERNEL_S)
        return is_faster(seconds, _LEAST_GAIN)

    def _is_better(self, faster: dict[KernelUse, Kernel]) -> bool:
        """Writes the model with these kernels. Whether it is faster as a whole."""
        kernels = {(use.shape, use.epilogue): kernel for use, kernel in faster.items()}
        build_library(
            self.module,
            self.target,
            lambda *kernel: kernels.get(kernel) or make_kernel(*kernel, self.unit),
            self.written.library,
            self.written.weights,
        )
        compared = self._in_child("the comparison of models", self._compare_models, _LIMIT_S)
        if compared is None:
            return False
        self.tuned.settings["tuned_time_ratio"] = f"{compared['ratio']:.3f}"
        return compared["is_faster"]

    def _compare_models(self) -> dict:
        inputs = [_any_value(parameter) for parameter in self.module["main"].params]
        seconds = in_turns(
            _load(self.own, inputs), _load(self.written, inputs), _MODEL_ROUNDS, _MODEL_S
        )
        return {
            "ratio": ratio_of(seconds),
            "is_faster": is_faster(seconds, _LEAST_GAIN_OF_MODEL),
        }

    def _in_child(self, what: str, function: Callable[[], Any], limit_s: float) -> Any:
        """None where it gives nothing, and reports why."""
        ended = run_in_child(function, limit_s)
        if ended.reason:
            self.tuned.settings["tuning"] = f"{what} {ended.reason}"
        return ended.value


def _promising(
    uses: list[KernelUse], records: Records, unit: VectorUnit
) -> dict[KernelUse, Kernel]:
    """The fastest of each kernel, where that is not the usual one."""
    found = {}
    for use in uses:
        widths = {plan.tile.channels for plan in all_plans(use.shape, unit)}
        bests = [best for width in widths if (best := records.best(use, width)) is not None]
        seconds, kernel = min(bests, key=lambda best: best[0], default=(FAILED_S, None))
        if seconds < (1 - _LEAST_GAIN) * _usual_s(use, records, unit):
            found[use] = kernel
    return found


def _usual_s(use: KernelUse, records: Records, unit: VectorUnit) -> float:
    """0 where it was not measured, which nothing betters."""
    plan = all_plans(use.shape, unit)[0]
    defined = defined_module(use, plan.tile.channels)
    schedule = s_tir.Schedule(defined)
    schedule_kernel(schedule, use.shape, plan, unit)
    return records.seconds_of(schedule, defined) or 0


def _any_value(parameter: relax.Var) -> tvm.runtime.Tensor:
    """Zeros for integers, which may be the rows of a table."""
    shape, dtype = [int(size) for size in parameter.ty.shape], str(parameter.ty.dtype)
    if not dtype.startswith("float"):
        return tvm.runtime.tensor(np.zeros(shape, dtype))
    values = np.random.default_rng(0).standard_normal(shape)
    return tvm.runtime.tensor(values.astype(dtype))


def _load(files: Files, inputs: list[tvm.runtime.Tensor]) -> Callable[[], float]:
    """What runs the model once and gives seconds; it has run once already."""
    weights = tvm.runtime.load_param_dict_from_file(str(files.weights))
    arguments = [*inputs, *(weights[f"weight{i}"] for i in range(len(weights)))]
    machine = relax.VirtualMachine(tvm.runtime.load_module(str(files.library)), tvm.cpu())
    main = machine["main"]

    def run() -> float:
        start = time.perf_counter()
        main(*arguments)
        return time.perf_counter() - start

    run()
    return run
