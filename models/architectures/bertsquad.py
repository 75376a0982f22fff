"""BERT base for SQuAD as tf2onnx exported it: layer norm, GELU and the attention mask in elementary
operators, token types through OneHot and MatMul, every Reshape to a shape computed at run time from
the batch."""

import numpy as np
from onnx import numpy_helper

from graph_builder import FLOAT, INT32, INT64, GraphBuilder

_TOKENS = 256
_HIDDEN = 768
_HEADS = 12
_FEED_FORWARD = 3072
_LAYERS = 12
_VOCABULARY = 30522
_POSITIONS = 512
_INPUT_IDS = "input_ids:0"
_INPUT_MASK = "input_mask:0"
_SEGMENT_IDS = "segment_ids:0"


def build(name: str) -> GraphBuilder:
    graph = GraphBuilder(
        name,
        opset=10,
        ir_version=5,
        producer="tf2onnx-replica",
        source="Devlin et al., BERT: Pre-training of Deep Bidirectional Transformers for Language"
        " Understanding (arXiv 1810.04805), base size with the SQuAD head of its TensorFlow code",
    )
    unique_ids = graph.input("unique_ids_raw_output___9:0", INT64, ["unk__492"])
    graph.input(_SEGMENT_IDS, INT64, ["unk__493", _TOKENS])
    graph.input(_INPUT_MASK, INT64, ["unk__494", _TOKENS])
    graph.input(_INPUT_IDS, INT64, ["unk__495", _TOKENS])
    graph.node("Identity", [unique_ids], "unique_ids:0")

    x = graph.node("Reshape", [_embeddings(graph), _rows(graph)])
    mask = _attention_mask(graph)
    heads = _shape_at_run_time(graph, _INPUT_IDS, [_TOKENS, _HEADS, _HIDDEN // _HEADS])
    for layer in range(_LAYERS):
        x = _encoder_layer(graph, x, mask, heads, f"bert/encoder/layer_{layer}")
    _answer_span(graph, x)
    graph.output("unstack:1", FLOAT, ["unk__496", _TOKENS])
    graph.output("unstack:0", FLOAT, ["unk__497", _TOKENS])
    graph.output("unique_ids:0", INT64, ["unk__498"])
    return graph


def _embeddings(graph: GraphBuilder) -> str:
    prefix = "bert/embeddings"
    flat = graph.constant("flat", [-1])
    table = graph.weight(f"{prefix}/word_embeddings", (_VOCABULARY, _HIDDEN), 0.04)
    words = graph.node("Gather", [table, graph.node("Reshape", [_INPUT_IDS, flat])], axis=0)
    shape = _shape_at_run_time(graph, _INPUT_IDS, [_TOKENS, _HIDDEN])
    words = graph.node("Reshape", [words, shape])

    depth = graph.constant("one_hot_depth", [2], "int32")
    off = graph.node("Unsqueeze", [_number(graph, "one_hot_off", 0.0)], axes=[0])
    on = graph.node("Unsqueeze", [_number(graph, "one_hot_on", 1.0)], axes=[0])
    values = graph.node("Concat", [off, on], axis=0)
    segments = graph.node("Reshape", [_SEGMENT_IDS, flat])
    types = graph.node("OneHot", [segments, depth, values], f"{prefix}/one_hot", axis=1)
    table = graph.weight(f"{prefix}/token_type_embeddings", (2, _HIDDEN), 0.02)
    shape = _shape_at_run_time(graph, _SEGMENT_IDS, [_TOKENS, _HIDDEN])
    types = graph.node("Reshape", [graph.node("MatMul", [types, table]), shape])

    table = graph.weight(f"{prefix}/position_embeddings", (_POSITIONS, _HIDDEN), 0.02)
    starts, axes = graph.constant("slice_starts", [0, 0]), graph.constant("slice_axes", [0, 1])
    ends = graph.constant("slice_ends", [_TOKENS, _HIDDEN])
    positions = graph.node("Slice", [table, starts, ends, axes])
    shape = graph.constant("position_shape", [1, _TOKENS, _HIDDEN])
    positions = graph.node("Reshape", [positions, shape])

    total = graph.node("Add", [graph.node("Add", [words, types]), positions])
    return _layer_norm(graph, total, f"{prefix}/LayerNorm", axis=2)


def _attention_mask(graph: GraphBuilder) -> str:
    """0 where a token counts and -10000 where it doesn't, [batch, 1, tokens, tokens]."""
    ones_shape = _shape_at_run_time(graph, _INPUT_IDS, [_TOKENS, 1])
    one = numpy_helper.from_array(np.array([1.0], np.float32))
    ones = graph.node("ConstantOfShape", [ones_shape], value=one)
    mask_shape = _shape_at_run_time(graph, _INPUT_MASK, [1, _TOKENS])
    mask = graph.node("Cast", [graph.node("Reshape", [_INPUT_MASK, mask_shape])], to=FLOAT)
    mask = graph.node("Unsqueeze", [graph.node("Mul", [ones, mask])], axes=[1])
    ignored = graph.node("Sub", [_number(graph, "one", 1.0), mask])
    return graph.node("Mul", [ignored, _number(graph, "minus_10000", -10000.0)])


def _encoder_layer(graph: GraphBuilder, x: str, mask: str, heads: str, prefix: str) -> str:
    attended = _attention(graph, x, mask, heads, f"{prefix}/attention/self")
    output = f"{prefix}/attention/output"
    y = _dense(graph, attended, f"{output}/dense", _HIDDEN, _HIDDEN, 0.015)
    x = _layer_norm(graph, graph.node("Add", [y, x]), f"{output}/LayerNorm", axis=1)
    y = _dense(graph, x, f"{prefix}/intermediate/dense", _HIDDEN, _FEED_FORWARD, 0.036)
    y = _dense(graph, _gelu(graph, y), f"{prefix}/output/dense", _FEED_FORWARD, _HIDDEN, 0.02)
    return _layer_norm(graph, graph.node("Add", [y, x]), f"{prefix}/output/LayerNorm", axis=1)


def _attention(graph: GraphBuilder, x: str, mask: str, heads: str, prefix: str) -> str:
    def project(name: str, std: float) -> str:
        y = _dense(graph, x, f"{prefix}/{name}", _HIDDEN, _HIDDEN, std)
        return graph.node("Transpose", [graph.node("Reshape", [y, heads])], perm=[0, 2, 1, 3])

    # Smaller queries and keys would give every token the same mixture of all of them.
    query, key, value = project("query", 0.05), project("key", 0.05), project("value", 0.036)
    key = graph.node("Transpose", [key], perm=[0, 1, 3, 2])
    scale = _number(graph, "attention_scale", (_HIDDEN // _HEADS) ** -0.5)
    scores = graph.node("Mul", [graph.node("MatMul", [query, key]), scale])
    weights = graph.node("Softmax", [graph.node("Add", [scores, mask])], axis=3)
    mixed = graph.node("Transpose", [graph.node("MatMul", [weights, value])], perm=[0, 2, 1, 3])
    return graph.node("Reshape", [mixed, _rows(graph)])


def _answer_span(graph: GraphBuilder, x: str) -> None:
    """Start and end logits of each token."""
    shape = _shape_at_run_time(graph, _INPUT_IDS, [_TOKENS, _HIDDEN])
    x = graph.node("Reshape", [graph.node("Reshape", [x, shape]), _rows(graph)])
    kernel = graph.weight(
        "cls/squad/output_weights", (_HIDDEN, 2), 0.07, centred=True, transposed=True
    )
    bias = graph.weight("cls/squad/output_bias", (2,), 0.05)
    logits = graph.node("Add", [graph.node("MatMul", [x, kernel]), bias])
    shape = _shape_at_run_time(graph, _INPUT_IDS, [_TOKENS, 2])
    logits = graph.node("Transpose", [graph.node("Reshape", [logits, shape])], perm=[2, 0, 1])
    parts = ["unstack_start", "unstack_end"]
    start, end = graph.node_with_outputs("Split", [logits], parts, axis=0, split=[1, 1])
    graph.node("Squeeze", [start], "unstack:0", axes=[0])
    graph.node("Squeeze", [end], "unstack:1", axes=[0])


def _layer_norm(graph: GraphBuilder, x: str, name: str, axis: int) -> str:
    gamma = graph.weight(f"{name}/gamma", (_HIDDEN,), 0.1, mean=1.0)
    beta = graph.weight(f"{name}/beta", (_HIDDEN,), 0.1)
    mean = graph.node("ReduceMean", [x], f"{name}/moments/mean", axes=[axis], keepdims=1)
    stopped = graph.node("Identity", [mean], f"{name}/moments/StopGradient")
    difference = graph.node("Sub", [x, stopped])
    square = graph.node("Mul", [difference, difference])
    variance = graph.node("ReduceMean", [square], axes=[axis], keepdims=1)
    variance = graph.node("Add", [variance, _number(graph, "layer_norm_epsilon", 1e-12)])
    scale = graph.node("Reciprocal", [graph.node("Sqrt", [variance])])
    scale = graph.node("Mul", [scale, gamma])
    scaled = graph.node("Mul", [x, scale])
    shift = graph.node("Sub", [beta, graph.node("Mul", [mean, scale])])
    return graph.node("Add", [scaled, shift], f"{name}/batchnorm/add_1")


def _dense(graph: GraphBuilder, x: str, name: str, inputs: int, outputs: int, std: float) -> str:
    """Centred columns, so that what all tokens have in common does not grow with the layers."""
    kernel = graph.weight(f"{name}/kernel", (inputs, outputs), std, centred=True, transposed=True)
    bias = graph.weight(f"{name}/bias", (outputs,), 0.02)
    return graph.node("Add", [graph.node("MatMul", [x, kernel], f"{name}/MatMul"), bias])


def _gelu(graph: GraphBuilder, x: str) -> str:
    """Hendrycks and Gimpel's approximation by tanh (arXiv 1606.08415)."""
    cube = graph.node("Pow", [x, _number(graph, "three", 3.0)])
    cube = graph.node("Mul", [cube, _number(graph, "gelu_cubic", 0.044715)])
    y = graph.node("Add", [x, cube])
    y = graph.node("Mul", [y, _number(graph, "sqrt_2_over_pi", 0.7978845608)])
    y = graph.node("Add", [graph.node("Tanh", [y]), _number(graph, "one", 1.0)])
    return graph.node("Mul", [x, graph.node("Mul", [y, _number(graph, "half", 0.5)])])


def _shape_at_run_time(graph: GraphBuilder, x: str, trailing: list[int]) -> str:
    """[batch of x, *trailing], with the casts and the Squeeze and Unsqueeze that tf2onnx leaves."""
    zero, one = graph.constant("slice_from", [0]), graph.constant("slice_to", [1])
    shape = graph.node("Cast", [graph.node("Shape", [x])], to=INT32)
    batch = graph.node("Slice", [shape, zero, one, zero])
    batch = graph.node("Unsqueeze", [graph.node("Squeeze", [batch], axes=[0])], axes=[0])
    sizes = [graph.constant(f"size_{size}", [size], "int32") for size in trailing]
    return graph.node("Cast", [graph.node("Concat", [batch, *sizes], axis=0)], to=INT64)


def _rows(graph: GraphBuilder) -> str:
    return graph.constant("rows", [-1, _HIDDEN])


def _number(graph: GraphBuilder, name: str, value: float) -> str:
    return graph.constant(name, value, "float32")
