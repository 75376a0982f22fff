"""Plans that a tuner may try are plans that can be followed."""

import pytest

from . import vector_unit
from .convolution import Convolution
from .plans import GROUP, all_plans, usual_plan

UNITS = [vector_unit.AVX512, vector_unit.AVX2, vector_unit.NEON, vector_unit.SSE]
SHAPES = [
    Convolution(1, 28, 28, 128, 128, kernel=(3, 3), pads=(1, 1, 1, 1)),
    Convolution(1, 1, 3136, 64, 256),
    Convolution(1, 1, 1, 2048, 1000),
    Convolution(2, 7, 7, 58, 58),
    Convolution(1, 112, 112, 32, 32, kernel=(3, 3), pads=(1, 1, 1, 1), groups=32),
    Convolution(1, 14, 14, 24, 24, kernel=(3, 3), groups=2),
]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("shape", SHAPES)
def test_plans_fit_the_shape_and_the_registers(unit, shape):
    plans = all_plans(shape, unit)
    assert plans[0] == usual_plan(shape, unit)
    assert len(set(plans)) == len(plans)
    for plan in plans:
        tiles = shape.out_width // plan.tile.rows
        assert shape.out_width % plan.tile.rows == 0
        assert plan.tile.rows * max(1, plan.tile.channels // unit.lanes) < unit.registers
        assert shape.group_inputs % plan.unrolled_inputs == 0
        if shape.groups > 1 and not shape.is_depthwise:
            assert shape.group_outputs % plan.tile.channels == 0
        if "g" in plan.order.shared:
            assert tiles % GROUP == 0


@pytest.mark.parametrize("unit", UNITS)
def test_something_is_shared_out_where_there_is_something_to_share(unit):
    for plan in all_plans(Convolution(1, 1, 3136, 64, 256), unit):
        assert plan.order.shared != "nh"
