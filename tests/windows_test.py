"""Convolutions, pools, Resize, GridSample, Gather and quantised blocks on the engines that import, in forms that once came
out wrong. What they compute is compared with ONNX Runtime."""

import numpy as np
import pytest
from onnx import TensorProto, helper

import node_cases
import tiny_models
from operators_test import ENGINES, computed
from tiny_models import constant, floats_model, node


def floats(name, *shape):
    values = np.random.default_rng(len(name)).uniform(-1, 1, shape)
    return constant(name, values, np.float32)


def grid_sample(opset, mode, align_corners):
    """A grid that reaches a little beyond the picture on every side."""
    places = np.linspace(-1.15, 1.15, 7)
    grid = np.stack(np.meshgrid(places, places), axis=-1)[None]
    sample = node(
        "GridSample", "x grid", mode=mode, padding_mode="border", align_corners=align_corners
    )
    return floats_model(
        [sample], {"x": [1, 3, 9, 14]}, [constant("grid", grid, np.float32)], opset=opset
    )


def old_resize(scales, mode="nearest"):
    return floats_model(
        [node("Resize", "x scales", mode=mode)],
        {"x": [2, 3, 5, 6]},
        [constant("scales", scales, np.float32)],
        opset=10,
    )


def resize(shape, scales, **attributes):
    """Without its first two dimensions."""
    if attributes["mode"] == "nearest":
        attributes["nearest_mode"] = "floor"
    factors = constant("scales", [1, 1, *scales], np.float32)
    return floats_model([node("Resize", "x - scales", **attributes)], {"x": shape}, [factors])


def narrow_pool(operator, **attributes):
    """The input's last dimension is narrower than the kernel; padding makes up for it."""
    pool = node(operator, "x", kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 0, 1], **attributes)
    return floats_model([pool], {"x": [1, 6, 9, 2]})


def average_pool(shape, kernel, **attributes):
    pool = node("AveragePool", "x", kernel_shape=kernel, count_include_pad=1, **attributes)
    return floats_model([pool], {"x": shape}, opset=19)


def resized_bytes():
    """By factors of 2, whose weights are exact."""
    nodes = [
        node("Abs", "x", "size"),
        node("Mul", "size fifty", "large"),
        node("Cast", "large", "bytes", to=TensorProto.UINT8),
        node("Resize", "bytes - scales", "more", mode="linear"),
        node("Cast", "more", to=1),
    ]
    scales = constant("scales", [1, 1, 2, 2], np.float32)
    return floats_model(nodes, {"x": [1, 3, 5, 6]}, [constant("fifty", 50, np.float32), scales])


def without_rows():
    nodes = [
        node("Compress", "x none", "rows", axis=0),
        node("Reshape", "rows shape", "pictures"),
        node("Conv", "pictures w", "c"),
        node("GlobalAveragePool", "c"),
    ]
    initializers = [
        constant("none", [False] * 3, bool),
        constant("shape", [0, 1, 2, 2]),
        floats("w", 4, 1, 1, 1),
    ]
    return floats_model(nodes, {"x": [3, 4]}, initializers)


def some_rows(nodes, shape, initializers):
    """`nodes` on the rows of x that a condition keeps: how many is known only when it runs."""
    keep = constant("keep", [True, False, True], bool)
    return floats_model(
        [node("Compress", "x keep", "rows", axis=0), *nodes], {"x": shape}, [keep, *initializers]
    )


def some_rows_transposed(**attributes):
    transposed = node("ConvTranspose", "rows w b", strides=[2, 2], **attributes)
    return some_rows([transposed], [3, 4, 5, 6], [floats("w", 4, 2, 3, 2), floats("b", 2)])


def some_rows_resized(scales, **attributes):
    resize = node("Resize", "rows - scales", **attributes)
    return some_rows([resize], [3, 2, 5, 6], [constant("scales", scales, np.float32)])


def some_rows_resized_by_sizes(**attributes):
    nodes = [
        node("Shape", "rows", "two", start=0, end=2),
        node("Concat", "two spatial", "sizes", axis=0),
        node("Resize", "rows - - sizes", **attributes),
    ]
    return some_rows(nodes, [3, 2, 5, 6], [constant("spatial", [8, 4])])


def four_bit_blocks(kind, zero_points):
    """x [2, 32] times weights [32, 3] of four bits, a scale for each 16 rows."""
    low = -8 if kind == TensorProto.INT4 else 0
    random = np.random.default_rng(5)
    inputs, initializers = (
        "w scales",
        [
            helper.make_tensor("w", kind, [32, 3], random.integers(low, low + 16, 96)),
            constant("scales", random.uniform(0.01, 0.1, (2, 3)), np.float32),
        ],
    )
    if zero_points:
        inputs += " zeros"
        values = random.integers(low, low + 16, 6)
        initializers.append(helper.make_tensor("zeros", kind, [2, 3], values))
    nodes = [
        node("DequantizeLinear", inputs, "weights", axis=0, block_size=16),
        node("MatMul", "x weights"),
    ]
    return floats_model(nodes, {"x": [2, 32]}, initializers, opset=21)


def sign_of_nan():
    nodes = [node("Sub", "x x", "zero"), node("Div", "zero zero", "nan"), node("Sign", "nan")]
    return floats_model(nodes, {"x": [2, 3]})


MODELS = {
    **{
        f"GridSample, {mode}, border, {'corners' if corners else 'centres'}": grid_sample(
            opset, mode, corners
        )
        for opset, mode in ((16, "bicubic"), (20, "cubic"))
        for corners in (0, 1)
    },
    "Resize 10, nearest, shrinking": old_resize([1, 1, 0.6, 1.5]),
    "Resize 10, linear, shrinking": old_resize([1, 1, 0.6, 1.5], mode="linear"),
    **{
        f"Resize, {len(shape) - 2} dimensions, {mode}, {coordinates}": resize(
            shape, scales, mode=mode, coordinate_transformation_mode=coordinates
        )
        for shape, scales in (([2, 3, 5], [2.4]), ([1, 2, 4, 5, 6], [2, 1.5, 0.5]))
        for mode, coordinates in (
            ("nearest", "asymmetric"),
            ("linear", "half_pixel"),
            ("linear", "align_corners"),
        )
    },
    "MaxPool, narrow": narrow_pool("MaxPool"),
    "AveragePool, narrow": narrow_pool("AveragePool"),
    "AveragePool, narrow, padding counts": narrow_pool("AveragePool", count_include_pad=1),
    "AveragePool, padding counts": average_pool([1, 4, 9, 9], [3, 3], pads=[1, 1, 1, 1]),
    "AveragePool, one more window, padding counts": average_pool(
        [1, 1, 4, 4], [2, 2], strides=[2, 2], pads=[1, 1, 0, 0], ceil_mode=1
    ),
    "Conv without rows": without_rows(),
    "ConvTranspose of some rows": some_rows_transposed(),
    "ConvTranspose of some rows, cut": some_rows_transposed(pads=[1, 0, 0, 1]),
    "ConvTranspose, sized": floats_model(
        [node("ConvTranspose", "x w", strides=[2, 2], output_shape=[10, 13])],
        {"x": [1, 4, 5, 6]},
        [floats("w", 4, 2, 3, 3)],
    ),
    "Resize of some rows, nearest": some_rows_resized([1, 1, 2, 2]),
    "Resize of some rows, linear": some_rows_resized([1, 1, 1.4, 0.7], mode="linear"),
    "Resize of some rows by sizes": some_rows_resized_by_sizes(mode="nearest"),
    "Resize of some rows by sizes, linear": some_rows_resized_by_sizes(mode="linear"),
    "Resize of bytes": resized_bytes(),
    "int4 in blocks": four_bit_blocks(TensorProto.INT4, zero_points=False),
    "int4 in blocks, zero points": four_bit_blocks(TensorProto.INT4, zero_points=True),
    "uint4 in blocks": four_bit_blocks(TensorProto.UINT4, zero_points=False),
    "uint4 in blocks, zero points": four_bit_blocks(TensorProto.UINT4, zero_points=True),
    "Sign of NaN": sign_of_nan(),
}


@pytest.fixture(scope="module")
def failures(programs, tmp_path_factory):
    return node_cases.run_cases(programs, tmp_path_factory.mktemp("windows"), MODELS)


@pytest.mark.parametrize("engine", node_cases.ENGINES)
def test_it_computes_what_onnx_runtime_does(failures, needs_engine, engine):
    needs_engine(engine)
    assert failures[engine] == {}


def gather(ids, axis):
    return computed([node("Gather", "x ids", axis=axis)], {"x": [4, 5, 3]}, ids=(ids, np.int64))


OUT_OF_RANGE = {
    "Gather, one dimension": gather([5, 1, 2], axis=1),
    "Gather, two": gather([[0, 1], [2, 9]], axis=0),
    "Gather, two, second axis": gather([[0, 1], [2, 9]], axis=1),
    "Gather, from the end": gather([[0, 1], [2, -6]], axis=1),
    "GatherND": computed([node("GatherND", "x ids")], {"x": [4, 5]}, ids=([[0, 9]], np.int64)),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", OUT_OF_RANGE)
def test_an_index_out_of_range_fails(bench, needs_engine, tmp_path, name, engine):
    needs_engine(engine)
    path = tiny_models.save(OUT_OF_RANGE[name], tmp_path / "model.onnx")
    result = bench(path, ENGINES[engine]).only_result()
    assert result["outcome"] == "failed", result["reason"]
