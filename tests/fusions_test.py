"""Small models whose TensorFlow form its optimiser fuses (remapper.cc of TensorFlow 2.21), with their
weights as constants: the fused kernel must keep what the model says of epsilon, slopes, axes and
constants, instead of its own defaults. PyTorch's optimiser fuses some of them too."""

import functools

import numpy as np
import pytest
from onnx import helper

import node_cases
from tiny_models import constant, floats_model, node

model_of = functools.partial(floats_model, opset=20)


def random(name, *shape, scale=0.5, offset=0.0):
    values = np.random.default_rng(len(name) + sum(shape)).standard_normal(shape)
    return constant(name, values * scale + offset)


def layer_normalization(shape, axis=-1, epsilon=1e-5, scale=1.0, beta=True):
    """`scale` is a factor before it: small ones make epsilon count."""
    size = shape[axis:]
    inputs = "scaled gamma beta" if beta else "scaled gamma"
    nodes = [
        node("Mul", "x factor", "scaled"),
        node("LayerNormalization", inputs, "y", axis=axis, epsilon=epsilon),
    ]
    constants = [
        constant("factor", scale),
        random("gamma", *size, offset=1.0),
        random("beta", *size),
    ]
    return model_of(nodes, {"x": shape}, constants)


def skip_layer_normalization(epsilon, scale):
    nodes = [
        node("Mul", "x factor", "scaled"),
        node(
            "SkipLayerNormalization",
            "scaled skip gamma beta",
            "y",
            domain="com.microsoft",
            epsilon=epsilon,
        ),
    ]
    constants = [
        constant("factor", scale),
        random("skip", 1, 8, 16, scale=0.01),
        random("gamma", 16, offset=1.0),
        random("beta", 16),
    ]
    return model_of(nodes, {"x": [1, 8, 16]}, constants)


def written_out(reciprocal, square, folded):
    """Layer normalisation in the operators that exporters write it in, with a small variance."""
    squares = {
        "Mul": node("Mul", "centred centred", "squares"),
        "Pow": node("Pow", "centred two", "squares"),
    }
    nodes = [
        node("Mul", "x factor", "scaled"),
        node("ReduceMean", "scaled axis", "mean"),
        node("Sub", "scaled mean", "centred"),
        squares[square],
        node("ReduceMean", "squares axis", "variance"),
        node("Add", "variance epsilon", "above"),
        node("Sqrt", "above", "deviation"),
    ]
    if reciprocal == "Reciprocal":
        nodes.append(node("Reciprocal", "deviation", "inverse"))
    if reciprocal == "Div":
        nodes.append(node("Div", "one deviation", "inverse"))
    if folded:
        nodes += [
            node("Mul", "inverse gamma", "both"),
            node("Mul", "scaled both", "left"),
            node("Mul", "mean both", "shift"),
            node("Sub", "beta shift", "right"),
            node("Add", "left right", "y"),
        ]
    elif reciprocal:
        nodes += [
            node("Mul", "inverse gamma", "both"),
            node("Mul", "centred both", "left"),
            node("Add", "left beta", "y"),
        ]
    else:
        nodes += [
            node("Div", "centred deviation", "normal"),
            node("Mul", "normal gamma", "left"),
            node("Add", "left beta", "y"),
        ]
    constants = [
        constant("factor", 0.05),
        constant("axis", [-1], np.int64),
        constant("two", 2.0),
        constant("one", 1.0),
        constant("epsilon", 1e-6),
        random("gamma", 16, offset=1.0),
        random("beta", 16),
    ]
    return model_of(nodes, {"x": [1, 8, 16]}, constants)


def instance_normalization(shape, epsilon=1e-3, scale=0.05, activation=None, **attributes):
    end = "n" if activation else "y"
    nodes = [
        node("Mul", "x factor", "scaled"),
        node("InstanceNormalization", "scaled gamma beta", end, epsilon=epsilon),
    ]
    if activation:
        nodes.append(node(activation, "n", "y", **attributes))
    channels = shape[1]
    constants = [constant("factor", scale), random("gamma", channels), random("beta", channels)]
    return model_of(nodes, {"x": shape}, constants)


def convolution(then, shape=(1, 4, 9, 8), weights=(6, 4, 3, 3), group=1, bias=True, **shapes):
    """A convolution c, what follows it, and its constants."""
    inputs = "x w b" if bias else "x w"
    pads = [1] * (2 * (len(shape) - 2))
    nodes = [node("Conv", inputs, "c", group=group, pads=pads), *then]
    constants = [random("w", *weights), random("b", weights[0]), *CONSTANTS]
    return model_of(nodes, {"x": list(shape), **shapes}, constants)


def product(then, bias=True, rank=2, **shapes):
    """A matrix product c, what follows it, and its constants."""
    shape = [2, 3, 5, 8][-rank:]
    nodes = [node("MatMul", "x w", "m" if bias else "c")]
    if bias:
        nodes.append(node("Add", "m b", "c"))
    constants = [random("w", 8, 6), random("b", 6), *CONSTANTS]
    return model_of([*nodes, *then], {"x": shape, **shapes}, constants)


def attention(mask, factor=0.4):
    nodes = [
        node("Transpose", "k", "kt", perm=[0, 1, 3, 2]),
        node("MatMul", "q kt", "s"),
        node("Mul", "s factor", "t"),
        node("Add", "t mask", "u"),
        node("Softmax", "u", "p", axis=-1),
        node("MatMul", "p v", "y"),
    ]
    heads = {"q": [2, 3, 5, 4], "k": [2, 3, 7, 4], "v": [2, 3, 7, 4], "mask": mask}
    return model_of(nodes, heads, [constant("factor", factor)])


def turned_product(bias_shape):
    nodes = [
        node("Transpose", "x", "t", perm=[1, 0]),
        node("MatMul", "t w", "m"),
        node("Add", "m b", "y"),
    ]
    return model_of(nodes, {"x": [8, 5]}, [random("w", 8, 6), random("b", *bias_shape)])


CONSTANTS = [
    constant("three", 3.0),
    constant("zero", 0.0),
    constant("six", 6.0),
    constant("sixth", 1 / 6),
    constant("half", 0.5),
    constant("one", 1.0),
    constant("root", 2**0.5),
    constant("slope", 0.1),
    constant("steep", 1.5),
    constant("back", -0.5),
]
HARD_SWISH = [
    node("Add", "c three", "h1"),
    node("Clip", "h1 zero six", "h2"),
    node("Mul", "h2 sixth", "h3"),
    node("Mul", "c h3", "y"),
]
HARD_SWISH_DIVIDED = [*HARD_SWISH[:2], node("Mul", "c h2", "h3"), node("Div", "h3 six", "y")]
SWISH = [node("Sigmoid", "c", "s"), node("Mul", "c s", "y")]
MISH = [node("Softplus", "c", "s"), node("Tanh", "s", "t"), node("Mul", "c t", "y")]
GELU = [
    node("Div", "c root", "e1"),
    node("Erf", "e1", "e2"),
    node("Add", "e2 one", "e3"),
    node("Mul", "c e3", "e4"),
    node("Mul", "e4 half", "y"),
]


def greatest(slope):
    return [node("Mul", f"c {slope}", "m1"), node("Max", "m1 c", "y")]


def leaky(alpha=0.3):
    return [node("LeakyRelu", "c", "y", alpha=alpha)]


def added(then):
    """A sum with another input of the same shape before it."""
    return [node("Add", "c z", "a"), node(then[0].op_type, "a", "y", **attributes_of(then[0]))]


def attributes_of(made):
    return {one.name: helper.get_attribute_value(one) for one in made.attribute}


def normalized(then):
    nodes = [node("BatchNormalization", "c g0 g1 g2 g3", "n", epsilon=0.02)]
    return [*nodes, node(then[0].op_type, "n", "y", **attributes_of(then[0]))]


def batch_normalization(then):
    parameters = [random(f"g{i}", 6, scale=0.1, offset=0.5) for i in range(4)]
    model = convolution(normalized(then), bias=False)
    model.graph.initializer.extend(parameters)
    return model


ELU = [node("Elu", "c", "y", alpha=0.4)]
RELU6 = [node("Clip", "c zero six", "y")]
SAME = [1, 6, 9, 8]

MODELS = {
    "layer normalization": layer_normalization([1, 8, 16], scale=0.05),
    "layer normalization, tiny epsilon": layer_normalization([1, 8, 16], epsilon=1e-12, scale=0.05),
    "layer normalization, no epsilon": layer_normalization([1, 8, 16], epsilon=0.0, scale=0.05),
    "layer normalization, great epsilon": layer_normalization([1, 8, 16], epsilon=0.5),
    "layer normalization, matrix": layer_normalization([8, 16], scale=0.02),
    "layer normalization, rank 4": layer_normalization([2, 3, 4, 16], scale=0.02),
    "layer normalization, no beta": layer_normalization([1, 8, 16], scale=0.02, beta=False),
    "layer normalization, two axes": layer_normalization([2, 8, 4], axis=-2, scale=0.02),
    "layer normalization, rows": layer_normalization([2, 3, 4, 5], axis=2, scale=0.02),
    "layer normalization, all": layer_normalization([2, 3, 4, 5], axis=1, scale=0.02),
    "skip layer normalization": skip_layer_normalization(1e-5, 0.05),
    "skip layer normalization, tiny epsilon": skip_layer_normalization(1e-12, 0.05),
    "written out, as PyTorch does": written_out(None, "Pow", folded=False),
    "written out, reciprocal": written_out("Reciprocal", "Mul", folded=True),
    "written out, one over the root": written_out("Div", "Mul", folded=True),
    "written out, reciprocal, Pow": written_out("Reciprocal", "Pow", folded=False),
    "written out, one over the root, Pow": written_out("Div", "Pow", folded=False),
    "instance normalization": instance_normalization([2, 3, 5, 7]),
    "instance normalization, great epsilon": instance_normalization([2, 3, 5, 7], epsilon=0.3),
    "instance normalization, rank 3": instance_normalization([2, 3, 7]),
    "instance normalization, rank 5": instance_normalization([2, 3, 2, 5, 4]),
    "instance normalization, Relu": instance_normalization([2, 3, 5, 7], activation="Relu"),
    "instance normalization, LeakyRelu": instance_normalization(
        [2, 3, 5, 7], activation="LeakyRelu", alpha=0.3
    ),
    "convolution, LeakyRelu": convolution(leaky()),
    "convolution, sum": convolution([node("Add", "c z", "y")], z=SAME),
    "convolution, sum, LeakyRelu": convolution(added(leaky()), z=SAME),
    "convolution, sum, Relu": convolution(added([node("Relu", "c", "y")]), z=SAME),
    "convolution, sum, Elu": convolution(added(ELU), z=SAME),
    "convolution, Elu": convolution(ELU),
    "convolution, Relu6": convolution(RELU6),
    "convolution, sum of one row, LeakyRelu": convolution(added(leaky()), z=[1, 6, 1, 8]),
    "convolution, normalized, LeakyRelu": batch_normalization(leaky()),
    "convolution, normalized, Elu": batch_normalization([node("Elu", "c", "y")]),
    "convolution, normalized, Relu": batch_normalization([node("Relu", "c", "y")]),
    "depthwise, LeakyRelu": convolution(leaky(), weights=(4, 1, 3, 3), group=4),
    "depthwise, sum, LeakyRelu": convolution(
        added(leaky()), weights=(4, 1, 3, 3), group=4, z=[1, 4, 9, 8]
    ),
    "depthwise, hard swish": convolution(HARD_SWISH, weights=(4, 1, 3, 3), group=4),
    "convolution, hard swish": convolution(HARD_SWISH),
    "convolution, hard swish, divided": convolution(HARD_SWISH_DIVIDED),
    "convolution, swish": convolution(SWISH),
    "convolution, mish": convolution(MISH),
    "convolution, greatest, slope 0.1": convolution(greatest("slope")),
    "convolution, greatest, slope 1.5": convolution(greatest("steep")),
    "convolution, greatest, slope -0.5": convolution(greatest("back")),
    "volume, LeakyRelu": convolution(leaky(), (1, 2, 4, 5, 6), (3, 2, 3, 3, 3)),
    "volume, sum, LeakyRelu": convolution(
        added(leaky()), (1, 2, 4, 5, 6), (3, 2, 3, 3, 3), z=[1, 3, 4, 5, 6]
    ),
    "product, LeakyRelu": product(leaky()),
    "product, sum, LeakyRelu": product(added(leaky()), z=[5, 6]),
    "product, sum, Relu": product(added([node("Relu", "c", "y")]), z=[5, 6]),
    "product, Elu": product(ELU),
    "product, sigmoid": product([node("Sigmoid", "c", "y")]),
    "product, tanh": product([node("Tanh", "c", "y")]),
    "product, gelu": product(GELU),
    "product, gelu of three dimensions": product(GELU, rank=3),
    "product, Gelu": product([node("Gelu", "c", "y")]),
    "product, Gelu by tanh": product([node("Gelu", "c", "y", approximate="tanh")]),
    "product, hard swish": product(HARD_SWISH),
    "product, swish": product(SWISH),
    "product of a transposed input, row": turned_product([6]),
    "product of a transposed input, matrix of one row": turned_product([1, 6]),
    "attention, mask of keys": attention([2, 1, 1, 7]),
    "attention, mask of queries and keys": attention([2, 1, 5, 7]),
    "attention, mask of all": attention([1, 1, 5, 7]),
    "attention, mask of heads": attention([2, 3, 5, 7]),
    "comparison as number": product([node("Greater", "c half", "g"), node("Cast", "g", "y", to=1)]),
}


@pytest.fixture(scope="module")
def failures(programs, tmp_path_factory):
    return node_cases.run_cases(programs, tmp_path_factory.mktemp("fusions"), MODELS)


@pytest.mark.parametrize("engine", node_cases.ENGINES)
def test_a_fusion_keeps_what_the_model_says(failures, needs_engine, engine):
    needs_engine(engine)
    assert failures[engine] == {}
