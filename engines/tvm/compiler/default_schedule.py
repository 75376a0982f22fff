"""The schedule of everything that is not one of our kernels.

What TVM generates by default has no parallel and no vector loop. This inlines what is computed
element by element, shares the outermost loops out over the threads and makes the innermost a vector.
"""

import tvm
from tvm import s_tir, tirx
from tvm.s_tir import dlight
from tvm.s_tir.dlight.analysis import normalize_prim_func
from tvm.s_tir.dlight.base import try_inline

from .vector_unit import VectorUnit

_LEAST_ODD_VECTOR = 32  # a loop that no vector divides is worth one with a tail from here on


def apply_default_schedule(
    module: tvm.IRModule, target: tvm.target.Target, unit: VectorUnit
) -> tvm.IRModule:
    with target:
        return dlight.ApplyDefaultSchedule(_ParallelAndVector(unit))(module)


class _ParallelAndVector(dlight.ScheduleRule):
    def __init__(self, unit: VectorUnit):
        super().__init__()
        self.unit = unit

    def apply(
        self, func: tirx.PrimFunc, target: tvm.target.Target, _: bool
    ) -> s_tir.Schedule | None:
        schedule = s_tir.Schedule(func)
        try:
            for block in try_inline(schedule, normalize_prim_func(schedule) or []):
                self._schedule_block(schedule, block)
        except Exception:  # noqa: BLE001 a form that can't be scheduled so stays the library's, slow but right
            return None
        return schedule

    def _schedule_block(self, schedule: s_tir.Schedule, block) -> None:
        kinds = block.dom_kind()
        loops = schedule.get_loops(block.block_rv)
        if len(loops) != len(kinds):
            return
        spatial = [loop for loop, kind in zip(loops, kinds, strict=True) if kind == "S"]
        reduced = [loop for loop, kind in zip(loops, kinds, strict=True) if kind != "S"]
        if not spatial:
            return
        if not reduced and not self._vector_length(schedule, spatial[-1]):
            spatial = [schedule.fuse(*spatial)] if len(spatial) > 1 else spatial
        vector = None
        if length := self._vector_length(schedule, spatial[-1]):
            outer, vector = schedule.split(spatial[-1], [None, length])
            spatial = [*spatial[:-1], outer]
        if reduced:
            schedule.reorder(*spatial, *reduced, *([vector] if vector is not None else []))
        outermost = schedule.fuse(*spatial) if len(spatial) > 1 else spatial[0]
        if _extent(schedule, outermost) > 1:
            schedule.parallel(outermost)
        if vector is not None:
            schedule.vectorize(vector)
        if reduced:
            schedule.decompose_reduction(block.block_rv, reduced[0])

    def _vector_length(self, schedule: s_tir.Schedule, loop) -> int:
        """How many elements to take at once; 0 for none."""
        extent = _extent(schedule, loop)
        for length in (self.unit.lanes, self.unit.lanes // 2, 4):
            if length > 1 and extent % length == 0:
                return length
        return self.unit.lanes if extent >= _LEAST_ODD_VECTOR else 0


def _extent(schedule: s_tir.Schedule, loop) -> int:
    return int(schedule.get(loop).extent)
