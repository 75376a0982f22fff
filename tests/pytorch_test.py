"""The engine that imports: converted models verified, what is said of the conversion, and saved ones."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import tiny_models


@pytest.fixture(scope="module", autouse=True)
def needs_pytorch(programs):
    if not (programs / "dnnbench-engine-pytorch").exists():
        pytest.skip("PyTorch is not built here")


@pytest.fixture
def converted(bench):
    """The one result of a model on PyTorch, verified."""

    def call(model, *flags):
        run = bench(model, "--pytorch", *flags)
        result = run.only_result()
        assert (result["outcome"], result["reason"]) == ("ok", "")
        assert result["verification"]["verdict"] == "ok"
        return result

    return call


def test_a_converted_model_is_verified_and_says_what_it_took(converted, convolution):
    result = converted(convolution, "--threads=1")
    assert result["convert_s"] > 0
    assert result["load_s"] > 0
    assert result["backend_meta"] == "cpu-threads=1"
    assert result["in_force"]["threads"] == 1
    assert result["in_force"]["placement"][0]["device"] == "CPU"


def test_an_engine_that_reads_onnx_converts_nothing(bench, convolution, tmp_path):
    result = bench(
        convolution, "--onnxruntime", f"--save-converted={tmp_path / 'kept'}"
    ).only_result()
    assert result["convert_s"] is None
    assert result["converted_path"] is None


def test_weights_beside_the_model_are_found(converted, tmp_path):
    model = tiny_models.convolution(size=16)
    converted(tiny_models.save_with_external_data(model, tmp_path / "external.onnx"))


def test_what_can_not_be_converted_is_unsupported(bench, tmp_path):
    path = tiny_models.save(tiny_models.strings(), tmp_path / "strings.onnx")
    result = bench(path, "--pytorch").only_result()
    assert result["outcome"] == "unsupported"
    assert "string" in result["reason"]
    assert result["convert_s"] is None


def test_a_small_input_set_to_a_number_is_bound(bench, tmp_path):
    """y = x * rate where rate is 2, otherwise 0."""
    nodes = [
        helper.make_node("Equal", ["rate", "two"], ["is_two"]),
        helper.make_node("Cast", ["is_two"], ["factor"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["x", "factor"], ["y"]),
    ]
    model = tiny_models.model_of(
        nodes,
        [tiny_models.tensor("x", [3]), tiny_models.tensor("rate", [], TensorProto.INT64)],
        [tiny_models.tensor("y", [3])],
        [numpy_helper.from_array(np.array(2), "two")],
    )
    path = tiny_models.save(model, tmp_path / "rate.onnx")
    run = bench(path, "--pytorch", "--onnxruntime", "--input=rate=2")
    settings = {r["backend"]: r["in_force"]["settings"] for r in run.results.values()}
    assert settings["pytorch"]["bound_inputs"] == "rate=2"
    assert "bound_inputs" not in settings["onnxruntime"]
    assert all(result["outcome"] == "ok" for result in run.results.values())


def test_what_was_measured_is_kept(converted, convolution, tmp_path):
    result = converted(convolution, f"--save-converted={tmp_path / 'kept'}")
    file = Path(result["converted_path"])
    assert file.parent == tmp_path / "kept"
    assert file.suffix == ".pt"
    assert file.stat().st_size > 1000


def recurrent(operator: str, gates: int) -> onnx.ModelProto:
    nodes = [
        helper.make_node(
            operator, ["x", "w", "r"], ["y", "h"], hidden_size=6, direction="bidirectional"
        )
    ]
    weights = [
        tiny_models.weights("w", 2, 6 * gates, 5),
        tiny_models.weights("r", 2, 6 * gates, 6),
    ]
    outputs = [tiny_models.tensor("y", [4, 2, 3, 6]), tiny_models.tensor("h", [2, 3, 6])]
    return tiny_models.model_of(nodes, [tiny_models.tensor("x", [4, 3, 5])], outputs, weights)


@pytest.mark.parametrize(("operator", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
def test_recurrent_layers(converted, tmp_path, operator, gates):
    converted(tiny_models.save(recurrent(operator, gates), tmp_path / f"{operator}.onnx"))


@pytest.mark.parametrize("name", ["mobilenetv2-10", "super-resolution-10"])
def test_a_whole_model(converted, generated_model, name):
    result = converted(generated_model(name))
    assert result["convert_s"] > 0


@pytest.mark.parametrize(
    ("kind", "precision"),
    [(TensorProto.DOUBLE, "f64"), (TensorProto.FLOAT, "f32")],
)
def test_the_precision_is_that_of_the_weights(bench, tmp_path, kind, precision):
    values = np.ones((3, 2), dtype=helper.tensor_dtype_to_np_dtype(kind))
    model = tiny_models.model_of(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [tiny_models.tensor("x", [2, 3], kind)],
        [tiny_models.tensor("y", [2, 2], kind)],
        [numpy_helper.from_array(values, "w")],
    )
    result = bench(tiny_models.save(model, tmp_path / "model.onnx"), "--pytorch").only_result()
    assert result["in_force"]["precision"] == precision, result["reason"]
    assert result["in_force"]["settings"]["malloc"] == "freed memory is kept"
