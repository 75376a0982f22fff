"""Each kernel computes what the definition says, for every vector unit and for odd shapes."""

import numpy as np
import pytest
import tvm
from tvm import s_tir

from . import vector_unit
from .convolution import Activation, Convolution, Epilogue, reference
from .host_target import host_target
from .kernels import Kernel, as_kernel, definition, make_kernel, pack_weights, schedule_kernel
from .plans import all_plans, changes
from .vector_unit import VectorUnit

UNITS = {
    "avx512": vector_unit.AVX512,
    "avx2": vector_unit.AVX2,
    "neon": vector_unit.NEON,
    "sse": vector_unit.SSE,
}
SHAPES = {
    "3x3": Convolution(1, 7, 9, 8, 32, kernel=(3, 3), pads=(1, 1, 1, 1)),
    "strides": Convolution(1, 9, 9, 4, 16, kernel=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1)),
    "different strides": Convolution(1, 9, 10, 4, 16, kernel=(3, 2), strides=(3, 1)),
    "asymmetric pads": Convolution(1, 6, 6, 4, 16, kernel=(3, 3), pads=(0, 2, 1, 0)),
    "dilation": Convolution(1, 12, 11, 4, 16, kernel=(3, 3), dilations=(2, 3)),
    "batch": Convolution(3, 5, 5, 4, 16, kernel=(3, 3), pads=(1, 1, 1, 1)),
    "odd channels": Convolution(1, 5, 5, 3, 17, kernel=(3, 3)),
    "one channel": Convolution(1, 6, 6, 5, 1, kernel=(3, 3), pads=(1, 1, 1, 1)),
    "few channels": Convolution(1, 6, 6, 5, 12, kernel=(5, 5), pads=(2, 2, 2, 2)),
    "prime width": Convolution(1, 4, 23, 4, 24, kernel=(1, 3)),
    "groups": Convolution(1, 6, 6, 12, 24, kernel=(3, 3), pads=(1, 1, 1, 1), groups=3),
    "small groups": Convolution(1, 6, 6, 32, 32, kernel=(3, 3), pads=(1, 1, 1, 1), groups=8),
    "depthwise": Convolution(1, 7, 7, 24, 24, kernel=(3, 3), pads=(1, 1, 1, 1), groups=24),
    "odd depthwise": Convolution(1, 7, 8, 5, 5, kernel=(5, 5), strides=(2, 2), groups=5),
    "depth multiplier": Convolution(1, 5, 5, 6, 12, kernel=(3, 3), groups=6),
    "strided pointwise": Convolution(1, 8, 8, 8, 16, strides=(2, 2)),
    "product": Convolution(1, 1, 10, 24, 48),
    "one row": Convolution(1, 1, 1, 30, 1000),
    "odd product": Convolution(1, 1, 13, 7, 11),
}


def run(shape: Convolution, epilogue: Epilogue, unit: VectorUnit, operands: dict) -> np.ndarray:
    return compute(make_kernel(shape, epilogue, unit), shape, epilogue, operands)


def compute(kernel: Kernel, shape: Convolution, epilogue: Epilogue, operands: dict) -> np.ndarray:
    function = kernel.function.with_attr("global_symbol", "kernel")
    library = tvm.compile(tvm.IRModule({"kernel": function}), target=host_target())
    arrays = [
        operands["image"],
        pack_weights(operands["weights"], shape, kernel.channels),
        operands["bias"],
        *([operands["residual"]] if epilogue.has_residual else []),
        np.full(shape.out_shape, np.nan, np.float32),
    ]
    tensors = [tvm.runtime.tensor(array) for array in arrays]
    library["kernel"](*tensors)
    return tensors[-1].numpy()


def random_operands(shape: Convolution) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(7)
    weights = (shape.out_channels, shape.group_inputs, *shape.kernel)
    sizes = {
        "image": shape.in_shape,
        "weights": weights,
        "bias": (shape.out_channels,),
        "residual": shape.out_shape,
    }
    return {
        name: generator.standard_normal(size).astype(np.float32) for name, size in sizes.items()
    }


def expected(shape: Convolution, operands: dict) -> np.ndarray:
    return reference(shape, operands["image"], operands["weights"], operands["bias"])


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_sums_are_the_definition_s(shape, unit):
    operands = random_operands(shape)
    np.testing.assert_allclose(
        run(shape, Epilogue(), unit, operands), expected(shape, operands), rtol=2e-5, atol=2e-5
    )


def test_residual_and_activation_come_after_the_bias():
    shape = SHAPES["3x3"]
    operands = random_operands(shape)
    sums = expected(shape, operands) + operands["residual"]
    clip = Epilogue(Activation.CLIP, -0.5, 0.25, has_residual=True)
    relu = Epilogue(Activation.RELU, has_residual=True)
    for epilogue, finished in ((clip, np.clip(sums, -0.5, 0.25)), (relu, np.maximum(sums, 0))):
        computed = run(shape, epilogue, vector_unit.AVX2, operands)
        np.testing.assert_allclose(computed, finished, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize(
    "name", ["batch", "odd channels", "groups", "odd depthwise", "odd product"]
)
def test_sums_are_the_definition_s_by_whatever_plan(name):
    """Each order, each tile and each unrolling, the rest as usual."""
    shape, unit = SHAPES[name], vector_unit.AVX2
    operands = random_operands(shape)
    usual, *others = all_plans(shape, unit)
    right = expected(shape, operands)
    for plan in others:
        if changes(plan, usual) == 1:
            schedule = s_tir.Schedule(definition(shape, Epilogue(), plan.tile.channels))
            schedule_kernel(schedule, shape, plan, unit)
            kernel = as_kernel(schedule, plan.tile.channels)
            computed = compute(kernel, shape, Epilogue(), operands)
            np.testing.assert_allclose(computed, right, rtol=2e-5, atol=2e-5, err_msg=str(plan))
