"""The graph pass leaves what is computed as it is, whatever stands around a convolution or product."""

import numpy as np
import pytest
import tvm
from onnx import helper

from . import vector_unit
from .importer import import_model
from .rewrite import use_kernels, usual_kernels
from .small_models import model_of, require_right

node = helper.make_node


def values(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def kernels_in(nodes: list, inputs: dict, constants: dict, opset: int = 13) -> int:
    """How many of our kernels the rewritten model has calls of."""
    module = use_kernels(
        import_model(model_of(nodes, inputs, constants, opset)), usual_kernels(vector_unit.AVX2)
    )
    calls = 0

    def visit(expression) -> None:
        nonlocal calls
        is_call = isinstance(expression, tvm.relax.Call)
        if is_call and isinstance(
            expression.args[0] if expression.args else None, tvm.ir.GlobalVar
        ):
            calls += expression.args[0].name_hint.startswith("own_kernel")

    tvm.relax.analysis.post_order_visit(module["main"], visit)
    return calls


X = values(1, 6, 8, 9)
NORMALIZATION = {
    "scale": values(4, seed=2),
    "shift": values(4, seed=3),
    "mean": values(4, seed=4),
    "variance": np.abs(values(4, seed=5)) + 0.1,
}
CONV = node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1])
W = {"w": values(4, 6, 3, 3, seed=1)}


def test_normalization_bias_residual_and_activation():
    nodes = [
        node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1]),
        node("BatchNormalization", ["c", "scale", "shift", "mean", "variance"], ["n"]),
        node("Conv", ["x", "v"], ["d"]),
        node("Add", ["d", "n"], ["s"]),
        node("Relu", ["s"], ["y"]),
    ]
    constants = W | NORMALIZATION | {"b": values(4), "v": values(4, 6, 1, 1, seed=6)}
    assert kernels_in(nodes, {"x": X}, constants, opset=15) == 2
    require_right(nodes, {"x": X}, constants, 15)  # before, the evaluator takes it for training


@pytest.mark.parametrize(
    "follows",
    [
        [node("Relu", ["c"], ["r"]), node("Add", ["c", "r"], ["y"])],  # two users
        [node("Add", ["c", "c"], ["y"])],
        [node("Relu", ["c"], ["r"]), node("Relu", ["r"], ["y"])],
        [node("Relu", ["c"], ["r"]), node("Add", ["r", "k"], ["y"])],  # a bias after the activation
        [node("Add", ["c", "k"], ["s"]), node("Relu", ["s"], ["y"])],
        [node("Add", ["c", "image"], ["s"]), node("Relu", ["s"], ["y"])],  # a constant residual
        [node("Add", ["c", "row"], ["y"])],
        [node("Mul", ["c", "k"], ["y"])],
        [node("MaxPool", ["c"], ["y"], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)],
        [node("AveragePool", ["c"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])],
        [node("GlobalAveragePool", ["c"], ["y"])],
        [node("Concat", ["c", "c", "image"], ["y"], axis=1)],
        [node("Concat", ["c", "image"], ["y"], axis=-1)],
        [node("Softmax", ["c"], ["y"], axis=1)],
        [node("Transpose", ["c"], ["y"], perm=[0, 2, 1, 3])],
        [node("Flatten", ["c"], ["f"]), node("MatMul", ["f", "m"], ["y"])],
        [node("PRelu", ["c", "k"], ["y"])],
        [node("InstanceNormalization", ["c", "scale", "shift"], ["y"])],
        [node("Sigmoid", ["c"], ["g"]), node("Mul", ["c", "g"], ["y"])],
        [node("Clip", ["c", "low", "high"], ["y"])],
        [node("Identity", ["c"], ["y"])],
    ],
    ids=lambda nodes: "-".join(n.op_type for n in nodes),
)
def test_what_follows_a_convolution(follows):
    constants = W | NORMALIZATION
    constants |= {"k": values(4, 1, 1), "image": values(1, 4, 8, 9), "row": values(1, 1, 1, 9)}
    constants |= {"m": values(288, 5), "low": np.float32(-1), "high": np.float32(2)}
    require_right([CONV, *follows], {"x": X}, constants, 13)


@pytest.mark.parametrize(
    "shape, weights, attributes",
    [
        ((1, 6, 20), (4, 6, 3), {"pads": [1, 1]}),
        ((1, 6, 5, 6, 7), (4, 6, 3, 3, 3), {"strides": [1, 2, 1]}),
        ((2, 6, 9, 9), (8, 3, 3, 3), {"group": 2, "dilations": [2, 1]}),
        ((1, 6, 9, 9), (6, 1, 5, 5), {"group": 6, "auto_pad": "SAME_LOWER"}),
        ((1, 6, 9, 9), (12, 1, 3, 3), {"group": 6, "auto_pad": "SAME_UPPER", "strides": [2, 2]}),
        ((1, 6, 1, 1), (7, 6, 1, 1), {}),
    ],
    ids=["1-d", "3-d", "groups", "depthwise", "depth multiplier", "one pixel"],
)
def test_forms_of_convolutions(shape, weights, attributes):
    nodes = [node("Conv", ["x", "w", "b"], ["y"], **attributes)]
    constants = {"w": values(*weights, seed=1), "b": values(weights[0], seed=2)}
    require_right(nodes, {"x": values(*shape)}, constants, 13)


def test_transposed_convolution():
    nodes = [node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2], output_padding=[1, 1])]
    require_right(nodes, {"x": X}, {"w": values(6, 4, 3, 3)}, 13)


def test_weights_that_are_given():
    inputs = {"x": X, **W}
    nodes = [node("Conv", ["x", "w"], ["y"])]
    assert kernels_in(nodes, inputs, {}) == 0
    require_right(nodes, inputs, {}, 13)


@pytest.mark.parametrize(
    "left, right",
    [((5, 7), (7, 3)), ((2, 5, 7), (7, 32)), ((2, 3, 5, 7), (2, 3, 7, 4)), ((7,), (7, 3))],
    ids=["matrices", "rows of several", "batches", "a vector"],
)
@pytest.mark.parametrize("is_constant", [True, False])
def test_products(left, right, is_constant):
    nodes = [
        node("MatMul", ["x", "m"], ["p"]),
        node("Add", ["p", "b"], ["s"]),
        node("Relu", ["s"], ["y"]),
    ]
    matrix = {"m": values(*right, seed=1)}
    bias = {"b": values(right[-1], seed=2)}
    inputs = {"x": values(*left)} | ({} if is_constant else matrix)
    require_right(nodes, inputs, bias | (matrix if is_constant else {}), 13)


def test_a_product_with_a_residual():
    nodes = [
        node("MatMul", ["x", "m"], ["p"]),
        node("Add", ["p", "b"], ["s"]),
        node("Add", ["x", "s"], ["y"]),
    ]
    constants = {"m": values(8, 8, seed=1), "b": values(8, seed=2)}
    assert kernels_in(nodes, {"x": values(2, 3, 8)}, constants) == 1
    require_right(nodes, {"x": values(2, 3, 8)}, constants, 13)


@pytest.mark.parametrize("transposed", [{}, {"transA": 1}, {"transB": 1}])
def test_gemm(transposed):
    nodes = [node("Gemm", ["x", "m", "b"], ["y"], alpha=0.5, beta=2.0, **transposed)]
    x = values(7, 5) if "transA" in transposed else values(5, 7)
    matrix = values(4, 7, seed=1) if "transB" in transposed else values(7, 4, seed=1)
    require_right(nodes, {"x": x}, {"m": matrix, "b": values(4, seed=2)}, 13)


def test_control_flow_is_left_alone():
    branch = helper.make_graph([node("Relu", ["x"], ["b"])], "then", [], [out("b")])
    other = helper.make_graph([node("Neg", ["x"], ["b"])], "else", [], [out("b")])
    nodes = [node("If", ["condition"], ["y"], then_branch=branch, else_branch=other)]
    require_right(nodes, {"x": X, "condition": np.array(True)}, {}, 13)


def out(name: str):
    return helper.make_tensor_value_info(name, 1, None)
