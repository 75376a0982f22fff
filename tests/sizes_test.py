"""Sizes of open dimensions, and graphs that are right at some sizes only: on the engines that take
the file as it is (onnxruntime, openvino) and on those that import it (pytorch, tensorflow, tvm)."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import tiny_models
from tiny_models import INT64, tensor

ENGINES = ["--onnxruntime", "--openvino", "--pytorch", "--tf"]


def integers(name: str, values: object) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(values, np.int64), name)


def model_of(nodes, inputs, outputs, initializers=(), opset=11) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "sizes", inputs, outputs, list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def unnamed_picture() -> onnx.ModelProto:
    """As Paddle's exporter writes it: "?" for every dimension that it doesn't know."""
    nodes = [
        helper.make_node("Conv", ["x", "filters"], ["c"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("MatMul", ["f", "table"], ["y"]),
    ]
    initializers = [tiny_models.weights("filters", 8, 3, 3, 3), tiny_models.weights("table", 8, 5)]
    return model_of(nodes, [tensor("x", ["N", 3, "?", "?"])], [tensor("y", ["N", 5])], initializers)


def rows_and_columns() -> onnx.ModelProto:
    nodes = [
        helper.make_node("Transpose", ["b"], ["t"], perm=[1, 0]),
        helper.make_node("MatMul", ["a", "t"], ["y"]),
    ]
    inputs = [tensor("a", ["N", 4]), tensor("b", ["N", 4])]
    return model_of(nodes, inputs, [tensor("y", ["N", "N"])])


def one_symbol_twice() -> onnx.ModelProto:
    """The library would reuse x's memory for the result, which has its size by name."""
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0]),
        helper.make_node("MatMul", ["x", "t"], ["m"]),
        helper.make_node("Relu", ["m"], ["r"]),
        helper.make_node("MatMul", ["r", "x"], ["y"]),
    ]
    return model_of(nodes, [tensor("x", ["?", "?"])], [tensor("y", ["?", "?"])])


def branch_on_speakers() -> onnx.ModelProto:
    """Squeezes the second dimension where it is 1."""
    squeeze = helper.make_graph(
        [helper.make_node("Squeeze", ["x", "axes"], ["s"])], "one", [], [tensor("s", None)]
    )
    keep = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["i"])], "several", [], [tensor("i", None)]
    )
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["speakers"]),
        helper.make_node("Equal", ["speakers", "one"], ["is_one"]),
        helper.make_node("If", ["is_one"], ["b"], then_branch=squeeze, else_branch=keep),
        helper.make_node("MatMul", ["b", "table"], ["y"]),
    ]
    initializers = [
        tiny_models.weights("table", 16, 8),
        integers("one", 1),
        integers("axes", [1]),
    ]
    inputs = [tensor("x", ["batch", "speakers", "time", 16])]
    return model_of(nodes, inputs, [tensor("y", None)], initializers, opset=13)


def attention(prefix: str, with_past: bool) -> list[onnx.NodeProto]:
    def node(operator: str, inputs: list[str], output: str, **attributes) -> onnx.NodeProto:
        names = [prefix + name if name[0] == "." else name for name in inputs]
        return helper.make_node(operator, names, [prefix + output], **attributes)

    nodes = []
    for letter in "qk":
        nodes += [
            node("MatMul", ["hidden", f"w{letter}"], f".{letter}0"),
            node("Reshape", [f".{letter}0", "heads"], f".{letter}1"),
            node("Transpose", [f".{letter}1"], f".{letter}2", perm=[0, 2, 1, 3]),
        ]
    return [
        *nodes,
        node("Concat", ["past", ".k2"], ".k", axis=2)
        if with_past
        else node("Identity", [".k2"], ".k"),
        node("Transpose", [".k"], ".kt", perm=[0, 1, 3, 2]),
        node("MatMul", [".q2", ".kt"], ".scores"),
        node("Add", [".scores", "mask"], ".masked"),
        node("Softmax", [".masked"], ".p", axis=-1),
        node("MatMul", [".p", ".k"], ".o"),
    ]


def merged_decoder() -> onnx.ModelProto:
    """Two decoders in one file, as transformers are exported: one reads a past. The branch that
    isn't taken does not fit the mask."""
    branches = {
        name: helper.make_graph(
            attention(name, name == "then_branch"),
            name,
            [],
            [tensor(f"{name}.o", None), tensor(f"{name}.k", None)],
        )
        for name in ("then_branch", "else_branch")
    }
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["hidden"]),
        helper.make_node("Cast", ["attention_mask"], ["m"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["m", "axes"], ["mask"]),
        helper.make_node("If", ["use_cache_branch"], ["o", "present"], **branches),
        helper.make_node("Transpose", ["o"], ["t"], perm=[0, 2, 1, 3]),
        helper.make_node("Reshape", ["t", "joined"], ["j"]),
        helper.make_node("MatMul", ["j", "wo"], ["logits"]),
    ]
    inputs = [
        tensor("input_ids", ["batch_size", "sequence_length"], INT64),
        tensor("attention_mask", ["batch_size", "attention_mask_sequence_length"], INT64),
        tensor("past", ["batch_size", 2, "past_sequence_length", 8]),
        tensor("use_cache_branch", [1], TensorProto.BOOL),
    ]
    initializers = [
        tiny_models.weights("words", 20, 16),
        tiny_models.weights("wq", 16, 16),
        tiny_models.weights("wk", 16, 16),
        tiny_models.weights("wo", 16, 20),
        integers("heads", [0, 0, 2, 8]),
        integers("joined", [0, 0, 16]),
        integers("axes", [1, 2]),
    ]
    outputs = [tensor("logits", None), tensor("present", None)]
    return model_of(nodes, inputs, outputs, initializers, opset=14)


@pytest.fixture
def verified(bench, tmp_path):
    """Runs a model on all engines; each must compute the right outputs."""

    def call(model: onnx.ModelProto, *flags: str, engines: list[str] = ENGINES):
        path = tiny_models.save(model, tmp_path / "model.onnx")
        run = bench(path, *engines, *flags)
        outcomes = {
            name: (result["outcome"], result["verification"]["verdict"], result["reason"])
            for name, result in run.results.items()
        }
        assert len(outcomes) == len(engines)
        assert all(outcome[:2] == ("ok", "ok") for outcome in outcomes.values()), outcomes
        return run

    return call


@pytest.mark.parametrize(
    "model, flags, shapes",
    [
        (unnamed_picture, ["--shape=x=1,3,48,192"], {"x": [1, 3, 48, 192]}),
        (rows_and_columns, ["--shape=a=1,4", "--shape=b=3,4"], {"a": [1, 4], "b": [3, 4]}),
        (one_symbol_twice, ["--shape=x=4,9"], {"x": [4, 9]}),
    ],
)
def test_shapes_of_the_user_win_against_names(verified, model, flags, shapes):
    run = verified(model(), *flags)
    assert all(result["input_shapes"] == shapes for result in run.results.values())
    note = 'The shapes given make the dimension "N" both 1 and 3, so its name is ignored.'
    assert (note in run.stderr) == (model is rows_and_columns)


def test_a_dropped_name_on_tvm(verified):
    verified(rows_and_columns(), "--shape=a=1,4", "--shape=b=3,4", engines=["--tvm"])


def test_external_weights_beside_a_dropped_name(bench, tmp_path):
    path = tiny_models.save_with_external_data(unnamed_picture(), tmp_path / "model.onnx")
    result = bench(path, "--onnxruntime", "--shape=x=1,3,48,192").only_result()
    assert (result["outcome"], result["verification"]["verdict"]) == ("ok", "ok")
    assert result["in_force"]["settings"]["sizes_fixed"] == "in the model"


@pytest.mark.parametrize("speakers", [1, 3])
def test_a_branch_that_is_not_taken(verified, speakers):
    verified(branch_on_speakers(), f"--shape=x=1,{speakers},20,16")


def test_a_branch_that_is_not_taken_on_tvm(verified):
    verified(branch_on_speakers(), "--shape=x=1,3,20,16", engines=["--tvm"])


def test_a_branch_that_an_input_chooses(verified):
    run = verified(
        merged_decoder(),
        "--shape=past=1,2,5,8",
        "--shape=input_ids=1,1",
        "--input=use_cache_branch=1",
    )
    for result in run.results.values():
        assert result["input_shapes"]["attention_mask"] == [1, 6]


def test_time_is_not_the_batch(verified):
    rng = np.random.default_rng(1)

    def random(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), name)

    node = helper.make_node("GRU", ["x", "w", "r", "", "", "h0"], ["y"], hidden_size=6)
    inputs = [tensor("x", ["T", "N", 5]), tensor("h0", [1, "N", 6])]
    outputs = [tensor("y", ["T", 1, "N", 6])]
    model = model_of([node], inputs, outputs, [random("w", 1, 18, 5), random("r", 1, 18, 6)])
    run = verified(model, "--batch=4", engines=["--onnxruntime", "--openvino"])
    for result in run.results.values():
        assert result["input_shapes"] == {"x": [128, 4, 5], "h0": [1, 4, 6]}
    assert 'Input "x": 128x4x5 (T set to 128: a usual length, N given)' in run.stderr


def test_inputs_without_names_belong_together(verified):
    names = ["input_ids", "attention_mask", "token_type_ids"]
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["w"]),
        helper.make_node("Gather", ["types", "token_type_ids"], ["t"]),
        helper.make_node("Add", ["w", "t"], ["s"]),
        helper.make_node("Cast", ["attention_mask"], ["m"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["m"], ["u"], axes=[2]),
        helper.make_node("Mul", ["s", "u"], ["y"]),
    ]
    model = model_of(
        nodes,
        [tensor(name, [None, None], INT64) for name in names],
        [tensor("y", None)],
        [tiny_models.weights("words", 20, 8), tiny_models.weights("types", 2, 8)],
    )
    run = verified(model, "--shape=input_ids=2,10", engines=["--onnxruntime", "--openvino"])
    for result in run.results.values():
        assert result["input_shapes"] == dict.fromkeys(names, [2, 10])


def test_a_number_that_is_not_of_the_batch(verified):
    node = helper.make_node("TopK", ["x", "k"], ["values", "indices"])
    outputs = [tensor("values", None), tensor("indices", None, INT64)]
    model = model_of([node], [tensor("x", ["N", 8]), tensor("k", ["k"], INT64)], outputs)
    result = verified(model, "--batch=4", engines=["--onnxruntime"]).only_result()
    assert result["input_shapes"] == {"x": [4, 8], "k": [1]}


def test_a_number_of_things_is_asked_for(bench, tmp_path):
    node = helper.make_node("Relu", ["positions"], ["y"])
    model = model_of([node], [tensor("positions", ["num_atoms", 3])], [tensor("y", None)])
    path = tiny_models.save(model, tmp_path / "atoms.onnx")
    run = bench(path, "--onnxruntime")
    assert (run.code, run.stdout, run.files()) == (2, "", [])
    assert run.stderr.count("\n") == 1
    assert "num_atoms" in run.stderr
    assert run.stderr.rstrip().endswith("--shape=positions=16,3")
    assert bench(path, "--onnxruntime", "--shape=positions=5,3").code == 0
