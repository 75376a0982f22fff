"""ONNX Runtime's own operators (domain com.microsoft) on the engines that import, each with what it may be given.
What they compute is compared with ONNX Runtime itself."""

import functools

import numpy as np
import pytest
from onnx import TensorProto, numpy_helper

import node_cases
import tiny_models
from tiny_models import constant, weights

node = functools.partial(tiny_models.node, domain="com.microsoft")
model_of = functools.partial(tiny_models.floats_model, opset=17)


def integers(name, kind, *shape):
    """Signed ones in 7 bits: with larger ones ONNX Runtime, which says what is expected, lets sums
    overflow on x86 processors without VNNI."""
    low, high = (-64, 64) if kind == np.int8 else (0, np.iinfo(kind).max)
    values = np.random.default_rng(len(name)).integers(low, high + 1, shape)
    return numpy_helper.from_array(values.astype(kind), name)


def one(op, inputs, shapes, initializers=(), outputs="y", **attributes):
    """One node; `shapes` are of those inputs that are the model's."""
    made = node(op, inputs, outputs, **attributes)
    return model_of([made], shapes, initializers, [name for name in made.output if name])


def quantized(name, scale, zero, kind=np.uint8):
    """Scale and zero point of a tensor."""
    return [constant(f"{name}_scale", scale), constant(f"{name}_zero", zero, kind)]


def quantize(name, kind=np.uint8):
    """Makes the integers `name` of the model's input name_f."""
    to = {np.uint8: TensorProto.UINT8, np.int8: TensorProto.INT8}[kind]
    return node("QuantizeLinear", f"{name}_f {name}_scale {name}_zero", name, domain=""), to


def qlinear(op, names, shapes, kind=np.uint8, parameters=(), inputs=None, zero=None, **attributes):
    """A quantised operator between QuantizeLinear and DequantizeLinear. With these scales no result
    lies half-way between two steps, where rounding decides."""
    start = {np.uint8: 120, np.int8: -3}[kind] if zero is None else zero
    nodes = [quantize(name, kind)[0] for name in names]
    nodes.append(node(op, inputs, "q", **attributes))
    nodes.append(node("DequantizeLinear", "q q_scale q_zero", "y", domain=""))
    constants = [*quantized("q", 0.031, start, kind), *parameters]
    for i, name in enumerate(names):
        constants += quantized(name, 0.02 + 0.01 * i, start + 5 * i, kind)
    return model_of(nodes, {f"{name}_f": shapes[name] for name in names}, constants)


def fused_conv(activation=None, with_sum=False, **attributes):
    parameters = {"activation": activation} if activation else {}
    inputs, shapes = "x w b", {"x": [1, 4, 9, 7]}
    if with_sum:
        inputs, shapes = "x w b z", shapes | {"z": [1, 6, 5, 4]}
    return one(
        "FusedConv",
        inputs,
        shapes,
        [weights("w", 6, 4, 3, 3), weights("b", 6)],
        pads=[1, 1, 1, 1],
        strides=[2, 2],
        kernel_shape=[3, 3],
        **parameters,
        **attributes,
    )


def matmul_bits(bits=4, k=96, zeros=None, bias=False, block=32, rows=3):
    n, blocks = 8, -(-k // block)
    inputs = "x packed scales"
    constants = [
        integers("packed", np.uint8, n, blocks, block * bits // 8),
        constant("scales", np.random.default_rng(1).uniform(0.01, 0.1, n * blocks)),
    ]
    if zeros == "packed":
        constants.append(integers("zeros", np.uint8, n * -(-blocks * bits // 8)))
        inputs += " zeros"
    elif zeros == "float":
        constants.append(constant("zeros", np.random.default_rng(2).uniform(4, 9, n * blocks)))
        inputs += " zeros"
    elif bias:
        inputs += " -"
    if bias:
        inputs += " - b"
        constants.append(weights("b", n))
    return one(
        "MatMulNBits", inputs, {"x": [2, rows, k]}, constants, K=k, N=n, bits=bits, block_size=block
    )


def skip_normalization(op, bias=False, beta=True, outputs="y", epsilon=1e-3):
    simplified = "Simplified" in op
    inputs = "x skip gamma" + ("" if simplified else " beta" if beta else " -")
    constants = [weights("gamma", 16), weights("beta", 16)]
    if bias:
        inputs += " b"
        constants.append(weights("b", 16))
    shapes = {"x": [2, 3, 16], "skip": [2, 3, 16]}
    used = [made for made in constants if made.name in inputs.split()]
    return one(op, inputs, shapes, used, outputs, epsilon=epsilon)


def skip_normalization_of_small_numbers(op):
    """So small that the epsilon that the operator has without the attribute decides."""
    small = [node("Mul", f"{name} factor", f"small_{name}", domain="") for name in ("x", "skip")]
    inputs = "small_x small_skip gamma" + ("" if "Simplified" in op else " beta")
    shapes = {"x": [2, 3, 16], "skip": [2, 3, 16]}
    constants = [weights("gamma", 16), weights("beta", 16), constant("factor", 0.003)]
    return model_of([*small, node(op, inputs)], shapes, constants)


def dynamic_matmul(kind=np.uint8, per_column=False, zero=False, bias=False):
    inputs = "x w w_scale"
    scale = np.random.default_rng(3).uniform(0.01, 0.02, 5) if per_column else 0.02
    constants = [integers("w", kind, 12, 5), constant("w_scale", scale)]
    if zero:
        inputs += " w_zero"
        constants.append(integers("w_zero", kind, 5) if per_column else constant("w_zero", 7, kind))
    if bias:
        inputs += " b" if zero else " - b"
        constants.append(weights("b", 5))
    return one("DynamicQuantizeMatMul", inputs, {"x": [2, 3, 12]}, constants)


def matmul_to_float(per_column=False, zeros=False, bias=False):
    scale = np.random.default_rng(3).uniform(0.01, 0.02, 5) if per_column else 0.02
    constants = [
        *quantized("a", 0.02, 121),
        integers("w", np.int8, 12, 5),
        constant("w_scale", scale),
    ]
    inputs = "a w a_scale w_scale" + (" a_zero w_zero" if zeros else "")
    if zeros:
        constants.append(
            integers("w_zero", np.int8, 5) if per_column else constant("w_zero", 7, np.int8)
        )
    if bias:
        inputs += " b" if zeros else " - - b"
        constants.append(weights("b", 5))
    nodes = [quantize("a")[0], node("MatMulIntegerToFloat", inputs)]
    return model_of(nodes, {"a_f": [2, 3, 12]}, constants)


def rotary(interleaved=0, flat=True, offset=False, **attributes):
    x = [2, 5, 24] if flat else [2, 3, 5, 8]
    positions = [7] if offset else np.arange(10).reshape(2, 5) % 9
    angles = np.random.default_rng(0).uniform(0, 3, (16, 4))
    constants = [
        constant("positions", positions, np.int64),
        constant("cosine", np.cos(angles)),
        constant("sine", np.sin(angles)),
    ]
    return one(
        "RotaryEmbedding",
        "x positions cosine sine",
        {"x": x},
        constants,
        interleaved=interleaved,
        **attributes,
    )


def qgemm(bias=False, per_column=False, turned=False, to_float=False, alpha=1.0):
    shape, columns = ((5, 12), (5,)) if turned else ((12, 5), (5,))
    parameters = [
        *quantized("a", 0.02, 121),
        integers("w", np.uint8, *shape),
        constant("w_scale", np.full(columns, 0.01) if per_column else 0.01),
        constant("w_zero", np.arange(5) + 115 if per_column else 119, np.uint8),
    ]
    inputs = "a a_scale a_zero w w_scale w_zero " + ("bias" if bias else "-")
    if bias:
        parameters.append(constant("bias", [-900, 20, 1500, 0, 700], np.int32))
    nodes = [quantize("a")[0]]
    attributes = {"transB": int(turned), "alpha": alpha}
    if to_float:
        nodes.append(node("QGemm", inputs, **attributes))
    else:
        parameters += quantized("q", 0.05, 120)
        nodes.append(node("QGemm", f"{inputs} q_scale q_zero", "q", **attributes))
        nodes.append(node("DequantizeLinear", "q q_scale q_zero", "y", domain=""))
    return model_of(nodes, {"a_f": [3, 12]}, parameters)


def attention(mask=None, bias=True, past=0, scores=False, sizes=(8, 8, 8), **attributes):
    """Queries, keys and values of one matrix, two heads. `bias` False: one of zeros; None: none."""
    inputs = "x w" + (" -" if bias is None else " b") + (" -" if mask is None else " mask")
    inputs += (" past" if past else " -") + (" scores" if scores else "")
    constants, shapes = [weights("w", 8, sum(sizes))], {"x": [2, 4, 8]}
    if bias is not None:
        bias = weights("b", sum(sizes)) if bias else constant("b", np.zeros(sum(sizes)))
        constants.append(bias)
    if mask is not None:
        constants.append(constant("mask", mask, np.int32))
    if scores:
        constants.append(weights("scores", 2, 2, 4, 4))
    if past:
        shapes["past"] = [2, 2, 2, past, 4]
    if sizes[2] != 8:
        attributes["qkv_hidden_sizes"] = sizes
    outputs = "y present" if past else "y"
    return one("Attention", inputs, shapes, constants, outputs, num_heads=2, **attributes)


def quantized_lstm(
    direction="forward", zero=False, per_gate=False, length=None, states=False, batch=1
):
    both = 2 if direction == "bidirectional" else 1
    kind = np.uint8 if zero else np.int8
    constants = [
        integers("w", kind, both, 5, 24),
        integers("r", kind, both, 6, 24),
        constant("b", np.random.default_rng(0).uniform(-1, 1, (both, 48))),
    ]
    gates = (24,) if per_gate else ()
    random = np.random.default_rng(1)
    for name in ("w", "r"):
        zeros = np.full((both, *gates), 128 if zero else 0)
        constants.append(constant(f"{name}_scale", random.uniform(0.003, 0.006, zeros.shape)))
        constants.append(constant(f"{name}_zero", zeros, kind))
    if length:
        constants.append(constant("length", [length], np.int32))
    if states:
        constants += [weights("h0", both, batch, 6), weights("c0", both, batch, 6)]
    return one(
        "DynamicQuantizeLSTM",
        f"x w r b {'length' if length else '-'} {'h0 c0' if states else '- -'} - "
        "w_scale w_zero r_scale r_zero",
        {"x": [4, batch, 5]},
        constants,
        outputs="y h c",
        hidden_size=6,
        direction=direction,
    )


X = {"x": [2, 3, 16]}
MODELS = {
    "BiasGelu": one("BiasGelu", "x b", X, [weights("b", 16)]),
    "FastGelu": one("FastGelu", "x", X),
    "FastGelu, bias": one("FastGelu", "x b", X, [weights("b", 16)]),
    "Gelu": one("Gelu", "x", X),
    "QuickGelu": one("QuickGelu", "x", X),
    "QuickGelu, alpha": one("QuickGelu", "x", X, alpha=1.2),
    "FusedConv": fused_conv(),
    "FusedConv, Relu": fused_conv("Relu"),
    "FusedConv, sum": fused_conv("Relu", with_sum=True),
    "FusedConv, LeakyRelu": fused_conv("LeakyRelu", activation_params=[0.2]),
    "FusedConv, Clip": fused_conv("Clip", activation_params=[-0.1, 0.3]),
    "FusedConv, HardSigmoid": fused_conv("HardSigmoid", activation_params=[0.3, 0.4]),
    "FusedConv, Tanh": fused_conv("Tanh"),
    "FusedConv, Sigmoid": fused_conv("Sigmoid"),
    "FusedGemm": one(
        "FusedGemm",
        "x w b",
        {"x": [3, 16]},
        [weights("w", 5, 16), weights("b", 5)],
        activation="LeakyRelu",
        activation_alpha=0.3,
        transB=1,
        alpha=0.5,
        beta=2.0,
    ),
    "FusedGemm, Relu": one(
        "FusedGemm", "x w", {"x": [16, 3]}, [weights("w", 16, 5)], activation="Relu", transA=1
    ),
    "FusedMatMul": one("FusedMatMul", "x w", X, [weights("w", 2, 5, 16)], transB=1, alpha=0.25),
    "FusedMatMul, both": one(
        "FusedMatMul", "x w", {"x": [2, 16, 3]}, [weights("w", 2, 5, 16)], transA=1, transB=1
    ),
    "FusedMatMul, batches": one(
        "FusedMatMul", "x w", {"x": [3, 2, 16]}, [weights("w", 2, 16, 5)], transBatchA=1
    ),
    "TransposeMatMul": one("TransposeMatMul", "x w", X, [weights("w", 2, 5, 16)], transB=1),
    "Inverse": model_of(
        [node("Add", "x eye", "m", domain=""), node("Inverse", "m")],
        {"x": [2, 3, 3]},
        [constant("eye", 4 * np.eye(3))],
    ),
    "SkipLayerNormalization": skip_normalization("SkipLayerNormalization"),
    "SkipLayerNormalization, no beta": skip_normalization("SkipLayerNormalization", beta=False),
    "SkipLayerNormalization, bias, sum": skip_normalization(
        "SkipLayerNormalization", bias=True, outputs="y - - sum"
    ),
    "SkipSimplifiedLayerNormalization": skip_normalization("SkipSimplifiedLayerNormalization"),
    "SkipSimplifiedLayerNormalization, bias, sum": skip_normalization(
        "SkipSimplifiedLayerNormalization", bias=True, outputs="y - - sum"
    ),
    **{
        f"{op}, small": skip_normalization_of_small_numbers(op)
        for op in ("SkipLayerNormalization", "SkipSimplifiedLayerNormalization")
    },
    "SimplifiedLayerNormalization": model_of(
        [node("SimplifiedLayerNormalization", "x g", domain="", epsilon=1e-3)],
        {"x": [2, 3, 16]},
        [weights("g", 16)],
    ),
    "MatMulNBits": matmul_bits(),
    "MatMulNBits, block cut": matmul_bits(k=80),
    "MatMulNBits, zeros": matmul_bits(zeros="packed"),
    "MatMulNBits, zeros, odd blocks": matmul_bits(zeros="packed", k=160),
    "MatMulNBits, float zeros": matmul_bits(zeros="float"),
    "MatMulNBits, bias": matmul_bits(bias=True),
    "MatMulNBits, 8 bits": matmul_bits(bits=8),
    "MatMulNBits, 8 bits, zeros": matmul_bits(bits=8, zeros="packed"),
    "MatMulNBits, blocks of 16": matmul_bits(block=16, rows=1),
    "DynamicQuantizeMatMul": dynamic_matmul(),
    "DynamicQuantizeMatMul, zero, bias": dynamic_matmul(np.int8, zero=True, bias=True),
    "DynamicQuantizeMatMul, columns": dynamic_matmul(per_column=True, zero=True),
    "DynamicQuantizeMatMul, no zero, bias": dynamic_matmul(bias=True),
    "MatMulIntegerToFloat": matmul_to_float(),
    "MatMulIntegerToFloat, zeros": matmul_to_float(zeros=True),
    "MatMulIntegerToFloat, columns, bias": matmul_to_float(per_column=True, zeros=True, bias=True),
    "MatMulIntegerToFloat, no zeros, bias": matmul_to_float(bias=True),
    "QLinearAdd": qlinear(
        "QLinearAdd",
        ["a", "b"],
        {"a": [2, 3, 16], "b": [16]},
        inputs="a a_scale a_zero b b_scale b_zero q_scale q_zero",
    ),
    "QLinearAdd, int8": qlinear(
        "QLinearAdd",
        ["a", "b"],
        {"a": [2, 3, 16], "b": [2, 3, 16]},
        np.int8,
        inputs="a a_scale a_zero b b_scale b_zero q_scale q_zero",
    ),
    "QLinearMul": qlinear(
        "QLinearMul",
        ["a", "b"],
        {"a": [2, 3, 16], "b": [3, 1]},
        inputs="a a_scale a_zero b b_scale b_zero q_scale q_zero",
    ),
    "QLinearSigmoid": qlinear(
        "QLinearSigmoid", ["a"], {"a": [2, 3, 16]}, inputs="a a_scale a_zero q_scale q_zero", zero=0
    ),
    "QLinearLeakyRelu": qlinear(
        "QLinearLeakyRelu",
        ["a"],
        {"a": [2, 3, 16]},
        np.int8,
        alpha=0.3,
        inputs="a a_scale a_zero q_scale q_zero",
    ),
    "QLinearGlobalAveragePool": qlinear(
        "QLinearGlobalAveragePool",
        ["a"],
        {"a": [2, 4, 5, 6]},
        inputs="a a_scale a_zero q_scale q_zero",
    ),
    "QLinearGlobalAveragePool, last": qlinear(
        "QLinearGlobalAveragePool",
        ["a"],
        {"a": [2, 5, 6, 4]},
        channels_last=1,
        inputs="a a_scale a_zero q_scale q_zero",
    ),
    "QLinearAveragePool": qlinear(
        "QLinearAveragePool",
        ["a"],
        {"a": [2, 4, 7, 6]},
        kernel_shape=[3, 3],
        pads=[1, 1, 1, 1],
        strides=[2, 2],
        inputs="a a_scale a_zero q_scale q_zero",
    ),
    "QLinearConcat": qlinear(
        "QLinearConcat",
        ["a", "b"],
        {"a": [2, 3, 4], "b": [2, 5, 4]},
        axis=1,
        inputs="q_scale q_zero a a_scale a_zero b b_scale b_zero",
    ),
    "QLinearSoftmax": qlinear(
        "QLinearSoftmax",
        ["a"],
        {"a": [2, 3, 16]},
        axis=-1,
        opset=13,
        zero=0,
        inputs="a a_scale a_zero q_scale q_zero",
    ),
    "QGemm": qgemm(),
    "QGemm, bias": qgemm(bias=True),
    "QGemm, columns, transposed": qgemm(bias=True, per_column=True, turned=True, alpha=0.7),
    "QGemm, to float": qgemm(bias=True, to_float=True),
    "QuantizeLinear": model_of(
        [
            node("QuantizeLinear", "x s z", "q", axis=1),
            node("DequantizeLinear", "q s z", "y", axis=1),
        ],
        {"x": [2, 3, 4]},
        [constant("s", [0.01, 0.02, 0.04]), constant("z", [3, 128, 200], np.uint8)],
    ),
    "RotaryEmbedding": rotary(),
    "RotaryEmbedding, interleaved": rotary(interleaved=1),
    "RotaryEmbedding, four dimensions": rotary(flat=False),
    "RotaryEmbedding, offset": rotary(offset=True),
    "RotaryEmbedding, part": rotary(num_heads=2, rotary_embedding_dim=8),
    "Trilu": one("Trilu", "x", {"x": [2, 4, 5]}, upper=0),
    "Pad": one(
        "Pad",
        "x pads value",
        {"x": [2, 3]},
        [constant("pads", [0, 1, 2, 1], np.int64), constant("value", [1.5])],
        mode="constant",
    ),
    "GatherND": one(
        "GatherND", "x i", {"x": [3, 4, 2]}, [constant("i", [[0, 1], [2, 3]], np.int64)]
    ),
    "Attention": attention(),
    "Attention, causal": attention(unidirectional=1),
    "Attention, mask": attention([[1, 1, 1, 0], [1, 1, 0, 0]]),
    "Attention, lengths": attention([3, 2]),
    "Attention, scale": attention(scale=0.3),
    "Attention, lengths, causal": attention([3, 2], unidirectional=1),
    "Attention, ends and starts": attention([4, 3, 1, 0]),
    "Attention, mask of queries": attention(np.tril(np.ones((2, 4, 4)))),
    "Attention, sizes": attention(sizes=(8, 8, 4)),
    "Attention, no bias": attention([[1, 1, 1, 0], [1, 1, 0, 0]], bias=None),
    "Attention, filter": attention([[1, 1, 1, 0], [1, 1, 0, 0]], mask_filter_value=-5.0),
    "Attention, past": attention(past=3, unidirectional=1),
    "Attention, bias of scores": attention([[1, 1, 1, 0], [1, 1, 0, 0]], scores=True),
    "DynamicQuantizeLSTM": quantized_lstm(),
    "DynamicQuantizeLSTM, both, zeros": quantized_lstm("bidirectional", zero=True),
    "DynamicQuantizeLSTM, gates": quantized_lstm("reverse", per_gate=True),
    "DynamicQuantizeLSTM, length, states": quantized_lstm(length=3, states=True),
    "DynamicQuantizeLSTM, batch": quantized_lstm(batch=2),
}


# ONNX Runtime 1.31 crashes where the bias is left out.
REFERENCES = {
    "Attention, no bias": attention([[1, 1, 1, 0], [1, 1, 0, 0]], bias=False),
}

# What an engine does not do, and says so.
UNSUPPORTED = {
    "pytorch": [
        "FusedMatMul, batches",
        "QLinearAveragePool",
        "QLinearSoftmax",
        "RotaryEmbedding, offset",
        "DynamicQuantizeLSTM, batch",
    ],
    "tensorflow": [
        "FusedMatMul, batches",
        "MatMulNBits, float zeros",
        "QLinearAveragePool",
        "QLinearSoftmax",
        "RotaryEmbedding, offset",
        "DynamicQuantizeLSTM, batch",
    ],
}


@pytest.fixture(scope="module")
def failures(programs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("contributed")
    return node_cases.run_cases(programs, folder, MODELS, references=REFERENCES)


@pytest.mark.parametrize("engine", node_cases.ENGINES)
def test_it_computes_what_onnx_runtime_does(failures, needs_engine, engine):
    needs_engine(engine)
    refused = {n: why for n, why in failures[engine].items() if why.startswith("unsupported")}
    assert sorted(refused) == sorted(UNSUPPORTED[engine])
    assert {n: why for n, why in failures[engine].items() if n not in refused} == {}
