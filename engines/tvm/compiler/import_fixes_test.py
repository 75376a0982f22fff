"""Each fix of the importer, by an ONNX model that fails or computes something else without it."""

import numpy as np
import pytest
from onnx import helper

from .failure import Unsupported
from .importer import import_model
from .small_models import compute, model_of, require_right

X = np.linspace(-3, 3, 24).astype(np.float32).reshape(1, 2, 3, 4)


def test_batch_normalization_in_training_mode_is_unsupported():
    constants = {name: np.ones(2, np.float32) for name in "sbmv"}
    node = helper.make_node(
        "BatchNormalization", ["x", *constants], ["y", "mean", "var"], training_mode=1
    )
    with pytest.raises(Unsupported, match="it is in training mode"):
        import_model(model_of([node], {"x": X}, constants, 15))


@pytest.mark.parametrize("bounds", [(-1.0, 2.0), (None, 0.5), (0.25, None), (None, None)])
def test_clip_by_inputs(bounds):
    names = ["" if bound is None else name for name, bound in zip("lh", bounds, strict=True)]
    constants = {
        name: np.float32(bound)
        for name, bound in zip("lh", bounds, strict=True)
        if bound is not None
    }
    node = helper.make_node("Clip", ["x", *names], ["y"])
    require_right([node], {"x": X}, constants, 13)


def test_clip_by_attributes():
    require_right([helper.make_node("Clip", ["x"], ["y"], min=0.0, max=6.0)], {"x": X}, {}, 10)


def test_clip_by_bounds_that_are_given():
    inputs = {"x": X, "l": np.float32(-1), "h": np.float32(1)}
    inputs = {name: np.asarray(value) for name, value in inputs.items()}
    require_right([helper.make_node("Clip", ["x", "l", "h"], ["y"])], inputs, {}, 13)


@pytest.mark.parametrize("sizes", [[0, 2], [2, 0, 1]])
def test_concat_with_nothing(sizes):
    constants = {f"c{i}": np.ones((1, 2, size, 4), np.float32) for i, size in enumerate(sizes)}
    node = helper.make_node("Concat", ["x", *constants], ["y"], axis=2)
    require_right([node], {"x": X}, constants, 13)


@pytest.mark.parametrize("axis", [-1, 0, 1])
@pytest.mark.parametrize("depth", [np.array([4]), np.array(4)], ids=["vector", "scalar"])
def test_one_hot(axis, depth):
    """A depth of shape [1], indices from the end and beyond it, and the values' own type."""
    node = helper.make_node("OneHot", ["i", "depth", "values"], ["y"], axis=axis)
    indices = np.array([[0, 1, -1], [3, 4, -5]], dtype=np.int64)
    constants = {"depth": depth, "values": np.array([-1, 2], np.float32)}
    model = model_of([node], {"i": indices}, constants, 11)
    right = np.full((2, 3, 4), -1, np.float32)
    for place, index in np.ndenumerate(indices):
        if -4 <= index < 4:
            right[(*place, index)] = 2
    right = np.moveaxis(right, -1, axis)
    np.testing.assert_array_equal(compute(model, {"i": indices}), right)


@pytest.mark.parametrize("exponent", [2.0, 3.0, 0.5])
def test_pow(exponent):
    node = helper.make_node("Pow", ["x", "e"], ["y"])
    require_right([node], {"x": np.abs(X)}, {"e": np.float32(exponent)}, 13)


def test_pow_of_negative_numbers():
    for exponent in (2.0, 3.0):
        node = helper.make_node("Pow", ["x", "e"], ["y"])
        require_right([node], {"x": X}, {"e": np.float32(exponent)}, 13)


def test_resize_with_empty_scales_beside_sizes():
    node = helper.make_node(
        "Resize",
        ["x", "roi", "scales", "sizes"],
        ["y"],
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    constants = {
        "roi": np.array([], np.float32),
        "scales": np.array([], np.float32),
        "sizes": np.array([1, 2, 6, 8], np.int64),
    }
    require_right([node], {"x": X}, constants, 11)


@pytest.mark.parametrize("scales", [(2.0, 2.0), (2.5, 1.75)])
def test_upsample_takes_scales_as_an_input_and_rounds_down(scales):
    node = helper.make_node("Upsample", ["x", "scales"], ["y"], mode="nearest")
    constants = {"scales": np.array([1, 1, *scales], np.float32)}
    computed = compute(model_of([node], {"x": X}, constants, 9), {"x": X})
    rows, columns = (
        (np.arange(int(size * scale)) / scale).astype(int)
        for size, scale in zip(X.shape[2:], scales, strict=True)
    )
    np.testing.assert_array_equal(computed, X[:, :, rows][:, :, :, columns])


def test_what_the_importer_lacks_is_reported_with_the_node():
    node = helper.make_node("Det", ["x"], ["y"], name="determinant")
    with pytest.raises(Unsupported, match=r'no Det \(opset 13\), node "determinant"'):
        import_model(model_of([node], {"x": np.eye(3, dtype=np.float32)}, {}, 13))
    node = helper.make_node("Fancy", ["x"], ["y"], name="own", domain="com.example")
    with pytest.raises(Unsupported, match=r'com.example.Fancy, node "own"'):
        import_model(model_of([node], {"x": X}, {}, 13))


def test_what_the_importer_refuses_is_reported_with_its_reason():
    node = helper.make_node("Upsample", ["x", "scales"], ["y"], name="up")
    model = model_of([node], {"x": X}, {"scales": np.array([1, 2, 1, 1], np.float32)}, 9)
    with pytest.raises(Unsupported, match=r'Upsample \(opset 9\), node "up": NotImplementedError'):
        import_model(model)
