"""The search for better plans: one trial after the other until time is up.

The next trial is of the kernel with the most time for each of its trials so far, and of the plan that
differs least from the kernel's best. What the records know is not measured again, so that a later
search goes the same way and goes on where this one ended.
"""

import statistics
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import tvm
from tvm import s_tir

from .kernels import Kernel, as_kernel, make_kernel, schedule_kernel
from .plans import Plan, all_plans, changes
from .records import FAILED_S, Records, defined_module
from .trials import Bench, KernelUse, in_turns, ratio_of
from .vector_unit import VectorUnit

_ROUNDS = 7  # of a trial
_TRIAL_S = 2.0


class _Search:
    """Of one kernel."""

    def __init__(self, use: KernelUse, unit: VectorUnit, target: tvm.target.Target):
        self.use, self.unit, self.target = use, unit, target
        self.plans = all_plans(use.shape, unit)
        self.seconds: dict[Plan, float] = {}

    @property
    def usual_s(self) -> float:
        return self.seconds.get(self.plans[0], float("inf"))

    @property
    def urgency(self) -> float:
        return self.use.calls * self.usual_s / (1 + len(self.seconds))

    def next_plan(self) -> Plan | None:
        left = [plan for plan in self.plans if plan not in self.seconds]
        if not left or not self.seconds:
            return left[0] if left else None
        best = min(self.seconds, key=lambda plan: self.seconds[plan])
        return min(left, key=lambda plan: changes(plan, best))

    def try_plan(self, plan: Plan, records: Records) -> None:
        defined = defined_module(self.use, plan.tile.channels)
        schedule = s_tir.Schedule(defined)
        try:
            schedule_kernel(schedule, self.use.shape, plan, self.unit)
        except Exception as error:  # noqa: BLE001 a plan that can't be followed is none
            print(f"{plan}: {error}", flush=True)
            self.seconds[plan] = FAILED_S
            return
        seconds = records.seconds_of(schedule, defined)
        if seconds is None:
            seconds = self._measure(plan, as_kernel(schedule, plan.tile.channels))
            records.add(schedule, defined, seconds)
        self.seconds[plan] = seconds

    def _measure(self, plan: Plan, kernel: Kernel) -> float:
        """In terms of what the usual plan took the first time, whatever the machine does now."""
        try:
            turn = self._bench.prepare(kernel)
        except Exception as error:  # noqa: BLE001 what can't be compiled is none
            print(f"{plan}: {error}", flush=True)
            return FAILED_S
        if plan == self.plans[0]:
            return statistics.median(turn() for _ in range(_ROUNDS))
        return self.usual_s * ratio_of(in_turns(self._usual_turn, turn, _ROUNDS, _TRIAL_S))

    @cached_property
    def _bench(self) -> Bench:
        return Bench(self.use, self.target)

    @cached_property
    def _usual_turn(self) -> Callable[[], float]:
        return self._bench.prepare(make_kernel(self.use.shape, self.use.epilogue, self.unit))


def search(
    uses: list[KernelUse],
    unit: VectorUnit,
    target: tvm.target.Target,
    folder: Path,
    end: float,
) -> bool:
    """Until `end` on the monotonic clock, with the records of that folder. Whether there is nothing
    left to try."""
    records = Records(folder, target)
    going = [_Search(use, unit, target) for use in uses]
    while going and time.monotonic() < end:
        chosen = max(going, key=lambda search: search.urgency)
        plan = chosen.next_plan()
        if plan is None:
            going.remove(chosen)
        else:
            chosen.try_plan(plan, records)
    return not going
