"""Models with If nodes whose condition is known before they run, as exporters write for
voice-activity nets. ONNX Runtime 1.31.1 crashes while it folds some of them; OpenVINO's reader
refuses values whose number of dimensions is not known."""

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import tiny_models

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
ENGINES = ["onnxruntime", "openvino", "pytorch", "tf", "tvm"]
IN_PLACE = "branches with a known condition put in place beforehand"
X = np.random.default_rng(1).uniform(-1, 1, (1, 8)).astype(np.float32)


def constant(name: str, value: np.ndarray) -> onnx.NodeProto:
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value))


def branch(nodes: list, result: str) -> onnx.GraphProto:
    output = helper.make_tensor_value_info(result, FLOAT, None)
    return helper.make_graph(nodes, result, [], [output])


def choose(condition: str, result: str, then: onnx.GraphProto, other: onnx.GraphProto):
    return helper.make_node("If", [condition], [result], then_branch=then, else_branch=other)


def identity(value: str, result: str) -> onnx.GraphProto:
    return branch([helper.make_node("Identity", [value], [result])], result)


def is_one(shape_of: str, name: str) -> list[onnx.NodeProto]:
    """name = shape(shape_of)[0] == 1"""
    return [
        helper.make_node("Shape", [shape_of], [name + "_shape"]),
        constant(name + "_zero", np.int64(0)),
        helper.make_node("Gather", [name + "_shape", name + "_zero"], [name + "_size"]),
        constant(name + "_one", np.int64(1)),
        helper.make_node("Equal", [name + "_size", name + "_one"], [name]),
    ]


def model_of(nodes: list, inputs: list) -> onnx.ModelProto:
    output = helper.make_tensor_value_info("y", FLOAT, None)
    graph = helper.make_graph(nodes, "branches", inputs, [output])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)


def reshaped(value: str) -> list[onnx.NodeProto]:
    return [
        constant("all", np.array([-1], np.int64)),
        helper.make_node("Reshape", [value, "all"], ["y"]),
    ]


X_INPUT = helper.make_tensor_value_info("x", FLOAT, ["N", "L"])
RATE_INPUT = helper.make_tensor_value_info("rate", INT64, [])
IS_16_KHZ = [
    constant("khz16", np.int64(16000)),
    helper.make_node("Equal", ["rate", "khz16"], ["is_16_khz"]),
]


def sign_by_the_largest(name: str) -> list[onnx.NodeProto]:
    """name = max(r) > 0.5 ? -r : |r| where r has one row, otherwise r"""
    inner = [
        helper.make_node("ReduceMax", ["r"], [name + "_max"], keepdims=0),
        constant(name + "_half", np.float32(0.5)),
        helper.make_node("Greater", [name + "_max", name + "_half"], [name + "_large"]),
        choose(
            name + "_large",
            name + "_signed",
            branch([helper.make_node("Neg", ["r"], [name + "_neg"])], name + "_neg"),
            branch([helper.make_node("Abs", ["r"], [name + "_abs"])], name + "_abs"),
        ),
    ]
    condition = is_one("r", name + "_condition")
    return [
        *condition,
        choose(
            name + "_condition",
            name,
            branch(inner, name + "_signed"),
            identity("r", name + "_same"),
        ),
    ]


def nested(outer_condition: list, condition: str, inputs: list) -> onnx.ModelProto:
    then = [
        helper.make_node("Relu", ["x"], ["r"]),
        *sign_by_the_largest("a"),
        *sign_by_the_largest("b"),
        helper.make_node("Sum", ["a", "b"], ["sum"]),
    ]
    nodes = [*outer_condition, choose(condition, "z", branch(then, "sum"), identity("x", "other"))]
    return model_of([*nodes, *reshaped("z")], inputs)


def nested_value() -> np.ndarray:
    r = np.maximum(X, 0)
    return (2 * (-r if r.max() > 0.5 else np.abs(r))).reshape(-1)


def nested_by_rate() -> tuple[onnx.ModelProto, np.ndarray]:
    return nested(IS_16_KHZ, "is_16_khz", [X_INPUT, RATE_INPUT]), nested_value()


def nested_by_size() -> tuple[onnx.ModelProto, np.ndarray]:
    return nested(is_one("x", "is_single"), "is_single", [X_INPUT, RATE_INPUT]), nested_value()


def one_inside() -> tuple[onnx.ModelProto, np.ndarray]:
    """Whose result is used twice."""
    then = [
        helper.make_node("Relu", ["x"], ["r"]),
        *is_one("r", "single"),
        constant("first", np.array([0], np.int64)),
        choose(
            "single",
            "s",
            branch([helper.make_node("Squeeze", ["r", "first"], ["squeezed"])], "squeezed"),
            identity("r", "same"),
        ),
        helper.make_node("Neg", ["s"], ["n"]),
        helper.make_node("Abs", ["s"], ["p"]),
        helper.make_node("Add", ["n", "p"], ["added"]),
    ]
    nodes = [
        *IS_16_KHZ,
        choose("is_16_khz", "z", branch(then, "added"), identity("x", "other")),
        *reshaped("z"),
    ]
    return model_of(nodes, [X_INPUT, RATE_INPUT]), np.zeros(8, np.float32)


def of_unknown_rank() -> tuple[onnx.ModelProto, np.ndarray, np.ndarray]:
    source = np.random.default_rng(2)
    x = source.uniform(-1, 1, (1, 4, 5)).astype(np.float32)
    w = source.uniform(-1, 1, (3, 4, 1)).astype(np.float32)
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        *is_one("r", "single"),
        constant("first", np.array([0], np.int64)),
        choose(
            "single",
            "s",
            branch([helper.make_node("Squeeze", ["r", "first"], ["squeezed"])], "squeezed"),
            identity("r", "same"),
        ),
        helper.make_node("Unsqueeze", ["s", "first"], ["u"]),
        constant("w", w),
        helper.make_node("Conv", ["u", "w"], ["y"]),
    ]
    model = model_of(nodes, [helper.make_tensor_value_info("x", FLOAT, ["N", 4, "L"])])
    return model, x, np.einsum("oik,nil->nol", w, np.maximum(x, 0))


def run_everywhere(bench, needs_engine, folder: Path, model, inputs: dict, expected, *flags: str):
    """Every engine is given the same values, and its output compared with the right one."""
    for engine in ["openvino", "pytorch", "tensorflow", "tvm"]:
        needs_engine(engine)
    onnx.save(model, folder / "model.onnx")
    (right,) = ReferenceEvaluator(model).run(None, inputs)
    np.testing.assert_allclose(right, expected, rtol=1e-6, atol=1e-7)
    data = folder / "data"
    data.mkdir()
    for i, value in enumerate(inputs.values()):
        (data / f"input_{i}.pb").write_bytes(numpy_helper.from_array(value).SerializeToString())
    (data / "output_0.pb").write_bytes(numpy_helper.from_array(expected).SerializeToString())
    engines = [f"--{engine}" for engine in ENGINES]
    run = bench(folder / "model.onnx", f"--test-data={data}", *flags, *engines)
    outcomes = {r["backend"]: (r["outcome"], r["reason"]) for r in run.results.values()}
    assert set(outcomes) == set(ENGINES)
    assert {outcome for outcome, _ in outcomes.values()} == {"ok"}, outcomes
    return {r["backend"]: r["in_force"]["settings"].get("model") for r in run.results.values()}


@pytest.mark.parametrize("make", [nested_by_rate, one_inside, nested_by_size])
def test_nested_branches_run_on_every_engine(bench, needs_engine, tmp_path, make):
    model, expected = make()
    inputs = {"x": X, "rate": np.array(16000, np.int64)}
    models = run_everywhere(
        bench, needs_engine, tmp_path, model, inputs, expected, "--input=rate=16000"
    )
    # The original where the library can do with it.
    assert models["onnxruntime"] == (IN_PLACE if make is nested_by_size else None)
    assert models["openvino"] == (IN_PLACE if make is one_inside else None)


def test_a_value_of_unknown_rank_runs_on_every_engine(bench, needs_engine, tmp_path):
    model, x, expected = of_unknown_rank()
    models = run_everywhere(
        bench, needs_engine, tmp_path, model, {"x": x}, expected, "--shape=x=1,4,5"
    )
    assert models["openvino"] == IN_PLACE
    assert models["onnxruntime"] is None


def test_a_branch_has_weights_of_its_own(bench, needs_engine, tmp_path):
    w = np.random.default_rng(3).uniform(-1, 1, (8, 64)).astype(np.float32)
    then = branch([helper.make_node("MatMul", ["x", "w"], ["product"])], "product")
    then.initializer.append(numpy_helper.from_array(w, "w"))
    other = branch(
        [constant("w", 2 * w), helper.make_node("MatMul", ["x", "w"], ["product"])], "product"
    )
    nodes = [*is_one("x", "single"), choose("single", "y", other, then)]
    model = model_of(nodes, [X_INPUT])
    run_everywhere(bench, needs_engine, tmp_path, model, {"x": X}, 2 * X @ w)


@pytest.fixture
def with_simplifier(bench, programs, needs_engine, tmp_path):
    """Runs a model on onnxruntime and pytorch, where these commands stand before dnnbench-simplify's."""
    needs_engine("pytorch")

    def call(commands: str):
        folder = tmp_path / "programs"
        folder.mkdir()
        for name in ("dnnbench", "dnnbench-engine-onnxruntime", "dnnbench-engine-pytorch"):
            shutil.copy2(programs / name, folder / name)
        script = folder / "dnnbench-simplify"
        script.write_text(f'#!/bin/sh\n{commands}\nexec "{programs / script.name}" "$@"\n')
        script.chmod(0o755)
        model = tiny_models.save(tiny_models.convolution(), tmp_path / "model.onnx")
        run = bench(model, "--onnxruntime", "--pytorch", executable=folder / "dnnbench")
        return {r["backend"]: (r["outcome"], r["reason"]) for r in run.results.values()}

    return call


def test_a_crash_of_the_simplifier_is_followed_by_another_try(with_simplifier):
    once = '[ -e "$TMPDIR/crashed" ] || { touch "$TMPDIR/crashed"; kill -SEGV $$; }'
    outcomes = with_simplifier(once)
    assert outcomes == {"onnxruntime": ("ok", ""), "pytorch": ("ok", "")}


def test_a_crash_of_the_simplifier_is_not_the_engine_s(with_simplifier):
    outcomes = with_simplifier("kill -SEGV $$")
    assert outcomes["onnxruntime"][0] == "ok"
    outcome, reason = outcomes["pytorch"]
    assert outcome == "failed"
    assert "ONNX Runtime, which simplifies it, crashed" in reason and "SIGSEGV" in reason
