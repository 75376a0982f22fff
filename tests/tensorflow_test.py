"""The engine `tensorflow` on models whose operators its library does otherwise than ONNX, or not at all.
Whether it computed the right thing is dnnbench's own verdict, against ONNX Runtime."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import tiny_models
from tiny_models import constant, node, tensor, weights


@pytest.fixture(autouse=True)
def needs_tensorflow(programs):
    if not (programs / "dnnbench-engine-tensorflow").exists():
        pytest.skip("TensorFlow is not installed")


@pytest.fixture
def verdict(bench, tmp_path):
    def run(model, *flags):
        done = bench(tiny_models.save(model, tmp_path / "model.onnx"), "--tf", *flags)
        return done.verdict("tf"), done

    return run


def model_of(nodes, inputs, outputs, initializers=(), opset=17):
    model = tiny_models.model_of(nodes, inputs, outputs, initializers)
    model.opset_import[0].version = opset
    return model


def spatial_model():
    """Depthwise with padding that TensorFlow has no name for, unequal strides, dilation, groups, padded pools."""
    nodes = [
        node("Conv", "x depthwise", "a", group=4, pads=[1, 1, 1, 1], strides=[2, 2]),
        node(
            "Conv", "a unequal", "b", group=4, pads=[2, 0, 1, 1], strides=[1, 2], dilations=[2, 1]
        ),
        node("Conv", "b grouped bias", "c", group=2, pads=[0, 1, 1, 0]),
        node("MaxPool", "c", "d", kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]),
        node(
            "ConvTranspose",
            "d up",
            "e",
            strides=[2, 2],
            pads=[1, 0, 0, 1],
            output_padding=[1, 1],
            group=2,
        ),
        node(
            "AveragePool",
            "e",
            "y",
            kernel_shape=[3, 2],
            pads=[1, 1, 1, 0],
            ceil_mode=1,
            strides=[2, 2],
        ),
    ]
    initializers = [
        weights("depthwise", 4, 1, 3, 3),
        weights("unequal", 8, 1, 3, 3),
        weights("grouped", 6, 4, 2, 2),
        weights("bias", 6),
        weights("up", 6, 2, 3, 3),
    ]
    return model_of(nodes, [tensor("x", [2, 4, 21, 18])], [tensor("y", None)], initializers)


def shuffle_model():
    """A channel shuffle between convolutions."""
    nodes = [
        node("Conv", "x w", "a"),
        node("Reshape", "a apart", "b"),
        node("Transpose", "b", "c", perm=[0, 2, 1, 3, 4]),
        node("Reshape", "c together", "d"),
        node("Conv", "d v", "e"),
        node("Split", "e", "f g", axis=1),
        node("Concat", "g f", "y", axis=1),
    ]
    initializers = [
        weights("w", 6, 3, 1, 1),
        weights("v", 4, 6, 3, 3),
        constant("apart", [0, 2, 3, 7, 7]),
        constant("together", [0, 6, 7, 7]),
    ]
    return model_of(nodes, [tensor("x", [1, 3, 7, 7])], [tensor("y", None)], initializers)


def lstm(turns, direction):
    both = 2 if direction == "bidirectional" else 1
    nodes = [
        node("LSTM", "x w r b lengths", "y h c", hidden_size=5, direction=direction, clip=0.6),
    ]
    initializers = [
        weights("w", both, 20, 3),
        weights("r", both, 20, 5),
        weights("b", both, 40),
        constant("lengths", [turns, turns // 2], np.int32),
    ]
    outputs = [tensor("y", None), tensor("h", None), tensor("c", None)]
    return model_of(nodes, [tensor("x", [turns, 2, 3])], outputs, initializers)


def graph_of(name, nodes, outputs, inputs=()):
    return helper.make_graph(nodes, name, list(inputs), [tensor(one, None) for one in outputs])


def branches_model():
    """If in If, with an LSTM inside and values of the graphs around."""
    recurrent = [
        node("Unsqueeze", "x axis", "turns"),
        node("LSTM", "turns w r", "all last", hidden_size=4),
        node("Squeeze", "last axis", "inner"),
    ]
    deep = helper.make_node(
        "If",
        ["small"],
        ["result"],
        then_branch=graph_of("t2", recurrent, ["inner"]),
        else_branch=graph_of("e2", [node("Add", "x scaled", "inner2")], ["inner2"]),
    )
    outer = helper.make_node(
        "If",
        ["positive"],
        ["y"],
        then_branch=graph_of("t1", [node("Mul", "x two", "scaled"), deep], ["result"]),
        else_branch=graph_of("e1", [node("Neg", "x", "other")], ["other"]),
    )
    nodes = [
        node("ReduceSum", "x", "sum", keepdims=0),
        node("Greater", "sum zero", "positive"),
        node("Less", "sum many", "small"),
        outer,
    ]
    initializers = [
        weights("w", 1, 16, 4),
        weights("r", 1, 16, 4),
        constant("axis", [0]),
        constant("two", 2, np.float32),
        constant("zero", -1e6, np.float32),
        constant("many", 1e6, np.float32),
    ]
    return model_of(nodes, [tensor("x", [2, 4])], [tensor("y", None)], initializers)


def loop_model():
    """A carried value whose shape grows, and results gathered from turn to turn."""
    body = helper.make_graph(
        [
            node("Concat", "grown x", "longer", axis=0),
            node("ReduceSum", "longer", "total", keepdims=0),
            node("Less", "total limit", "again"),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            tensor("grown", [None]),
        ],
        [
            helper.make_tensor_value_info("again", TensorProto.BOOL, []),
            tensor("longer", [None]),
            tensor("total", []),
        ],
    )
    nodes = [helper.make_node("Loop", ["count", "", "x"], ["last", "totals"], body=body)]
    initializers = [constant("count", 5), constant("limit", 1e9, np.float32)]
    return model_of(
        nodes, [tensor("x", [3])], [tensor("last", None), tensor("totals", None)], initializers
    )


def quantized_model():
    """A convolution between QuantizeLinear and DequantizeLinear, one scale per channel for the filters."""
    nodes = [
        node("QuantizeLinear", "x xs xz", "xq"),
        node("DequantizeLinear", "xq xs xz", "xd"),
        node("DequantizeLinear", "wq ws", "wd", axis=0),
        node("Conv", "xd wd", "a", pads=[1, 1, 1, 1]),
        node("QuantizeLinear", "a ys yz", "yq"),
        node("DequantizeLinear", "yq ys yz", "y"),
    ]
    filters = np.random.default_rng(0).integers(-127, 128, (4, 3, 3, 3)).astype(np.int8)
    initializers = [
        constant("xs", 0.03, np.float32),
        constant("xz", 120, np.uint8),
        numpy_helper.from_array(filters, "wq"),
        constant("ws", [0.01, 0.02, 0.005, 0.01], np.float32),
        constant("ys", 0.07, np.float32),
        constant("yz", 128, np.uint8),
    ]
    return model_of(nodes, [tensor("x", [1, 3, 8, 8])], [tensor("y", None)], initializers)


def old_model():
    """Opset 7: attributes that later became inputs."""
    nodes = [
        node("Conv", "x w", "a"),
        node("BatchNormalization", "a s b m v", "n"),
        node("Clip", "n", "c", min=0.0, max=6.0),
        node("Upsample", "c", "u", mode="nearest", scales=[1.0, 1.0, 2.0, 2.0]),
        node("Pad", "u", "p", mode="reflect", pads=[0, 0, 1, 1, 0, 0, 1, 1]),
        node("Squeeze", "p", "q", axes=[0]),
        node("ReduceMean", "q", "y", axes=[1, 2], keepdims=0),
    ]
    initializers = [weights("w", 4, 3, 3, 3), weights("s", 4), weights("b", 4), weights("m", 4)]
    initializers.append(constant("v", [0.5, 1, 2, 3], np.float32))
    return model_of(nodes, [tensor("x", [1, 3, 9, 9])], [tensor("y", None)], initializers, opset=7)


def resize_model(**attributes):
    nodes = [node("Resize", "x none scales", "y", **attributes)]
    initializers = [
        constant("none", [], np.float32),
        constant("scales", [1, 1, 1.5, 0.7], np.float32),
    ]
    return model_of(
        nodes, [tensor("x", [1, 2, 6, 10])], [tensor("y", None)], initializers, opset=18
    )


MODELS = {
    "spatial": spatial_model(),
    "shuffle": shuffle_model(),
    "lstm, unrolled": lstm(7, "bidirectional"),
    "lstm, in a loop": lstm(80, "reverse"),
    "branches": branches_model(),
    "loop": loop_model(),
    "quantized": quantized_model(),
    "opset 7": old_model(),
    "nearest": resize_model(mode="nearest", nearest_mode="ceil"),
    "linear": resize_model(mode="linear", coordinate_transformation_mode="asymmetric"),
    "cubic": resize_model(
        mode="cubic", coordinate_transformation_mode="half_pixel", exclude_outside=1
    ),
    "antialias": resize_model(mode="linear", antialias=1),
    "strings": tiny_models.strings(),
}


@pytest.mark.parametrize("name", MODELS)
def test_it_computes_what_onnx_says(verdict, name):
    answer, done = verdict(MODELS[name])
    assert answer == "ok", done.stdout


def test_the_result_says_what_is_in_force(verdict):
    _, done = verdict(tiny_models.convolution(), "--threads=2")
    result = done.only_result()
    assert result["in_force"]["precision"] == "f32"
    assert result["in_force"]["threads"] == 2
    assert [place["device"] for place in result["in_force"]["placement"]] == ["CPU"]
    assert result["convert_s"] > 0
    assert result["load_s"] > 0


def test_what_it_lacks_is_named_with_operator_opset_and_node(verdict):
    model = model_of(
        [helper.make_node("Multinomial", ["x"], ["y"], name="dice", seed=1.0)],
        [tensor("x", [1, 6])],
        [tensor("y", None, TensorProto.INT32)],
    )
    answer, done = verdict(model)
    assert answer == "unsupported"
    assert 'Multinomial (opset 17), node "dice"' in done.stdout


def test_half_precision_is_not_pretended(verdict):
    answer, done = verdict(tiny_models.convolution(), "--precision=f16")
    assert answer == "unsupported"
    assert "not in f16" in done.stdout


@pytest.mark.parametrize(("rows", "tables"), [(2_200_000, 1), (1_200_000, 2)])
def test_weights_of_gigabytes_are_neither_refused_nor_copied(bench, tmp_path, rows, tables):
    """Tables in a file with holes, which takes no room on the disk."""
    width = 256
    size_bytes = rows * width * 4
    with open(tmp_path / "tables", "wb") as file:
        file.truncate(size_bytes * tables)
    elements = np.memmap(tmp_path / "tables", np.float32, "r+", shape=(tables, rows, width))
    for row in (0, 5, 77):
        elements[:, row] = np.arange(width) + row
    initializers, nodes = [], []
    for i in range(tables):
        table = TensorProto(name=f"w{i}", data_type=TensorProto.FLOAT, dims=[rows, width])
        table.data_location = TensorProto.EXTERNAL
        place = {"location": "tables", "offset": size_bytes * i, "length": size_bytes}
        for key, value in place.items():
            table.external_data.add(key=key, value=str(value))
        initializers.append(table)
        nodes.append(node("Gather", f"w{i} ids", f"rows{i}"))
    nodes.append(node("Sum", " ".join(f"rows{i}" for i in range(tables)), "y"))
    inputs = [tensor("ids", [4], TensorProto.INT64)]
    model = model_of(nodes, inputs, [tensor("y", None)], initializers)
    result = bench(tiny_models.save(model, tmp_path / "model.onnx"), "--tf").only_result()
    assert result["outcome"] == "ok", result["reason"]
    assert result["peak_rss_bytes"] < 2 * size_bytes * tables
