"""Inputs: generated ones that every model accepts, and those that the user gives; names of files."""

import json

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

import tiny_models
from tiny_models import INT64


@pytest.fixture
def lookup(tmp_path):
    return tiny_models.save(tiny_models.lookup(), tmp_path / "lookup.onnx")


def expected_of(path, **inputs: np.ndarray) -> list[np.ndarray]:
    return ReferenceEvaluator(onnx.load(path)).run(None, inputs)


def test_indices_stay_inside_of_their_table(bench, lookup):
    run = bench(lookup, "--onnxruntime", "--openvino", "--fake=ok")
    for result in run.results.values():
        assert result["outcome"] in ("ok", "unsupported")
        assert result["input_shapes"] == {"ids": [4]}
    assert run.results["onnxruntime-cpu"]["verification"]["verdict"] == "ok"


def test_strings_are_inputs_too(bench, tmp_path):
    path = tiny_models.save(tiny_models.strings(), tmp_path / "strings.onnx")
    result = bench(path, "--onnxruntime").only_result()
    assert (result["outcome"], result["verification"]["verdict"]) == ("ok", "ok")


def test_a_model_without_inputs(bench, tmp_path):
    node = onnx.helper.make_node("Constant", [], ["y"], value=tiny_models.weights("w", 2, 3))
    model = tiny_models.model_of([node], [], [tiny_models.tensor("y", [2, 3])])
    run = bench(tiny_models.save(model, tmp_path / "constant.onnx"), "--onnxruntime")
    assert run.code == 0
    assert run.only_result()["input_shapes"] == {}


def test_sizes_that_were_chosen_are_printed(bench, tmp_path):
    path = tiny_models.save(tiny_models.convolution("N"), tmp_path / "dynamic.onnx")
    run = bench(path, "--onnxruntime")
    assert run.code == 0
    assert run.only_result()["input_shapes"] == {"x": [1, 3, 8, 8]}
    assert run.stderr.splitlines()[0] == 'Input "x": 1x3x8x8 (N set to 1)'


@pytest.mark.parametrize("kind", [tiny_models.FLOAT, tiny_models.STRING])
def test_inputs_that_no_machine_holds_are_one_sentence(dnnbench, tmp_path, kind):
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    values = [tiny_models.tensor(name, ["N", 4], kind) for name in "xy"]
    path = tiny_models.save(
        tiny_models.model_of([node], values[:1], values[1:]), tmp_path / "x.onnx"
    )
    done = dnnbench("run", path, "--onnxruntime", "--shape=x=1000000000000,4", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(
        "dnnbench: inputs of these shapes (x 1000000000000x4) take "
    )
    assert done.stderr.endswith("are free; give smaller ones with --shape\n")


def test_shape_sets_a_dynamic_dimension(bench, tmp_path):
    path = tiny_models.save(tiny_models.convolution("N"), tmp_path / "dynamic.onnx")
    run = bench(path, "--onnxruntime", "--openvino", "--shape=x=5,3,8,8")
    for result in run.results.values():
        assert result["outcome"] in ("ok", "unsupported")
        assert result["input_shapes"] == {"x": [5, 3, 8, 8]}
        assert result["input_size"] == [[5, 3, 8, 8]]
        assert result["backend_meta"] == "cpu-shape=x@5x3x8x8"


@pytest.mark.parametrize(
    "flag, words",
    [
        ("--shape=nonesuch=1,3,8,8", ["nonesuch", "x"]),
        ("--shape=x=1,3,9,9", ["x", "9"]),
        ("--shape=x=1,3", ["x"]),
        ("--shape=x=1,3,8,99999999999999999999", ["--shape", "99999999999999999999"]),
        ("--input=nonesuch=1", ["no input 'nonesuch'", "x"]),
        ("--input=x=no-such-file.npy", ["no-such-file.npy"]),
        ("--input=x={folder}/text.npy", ["text.npy"]),
        ("--input=x={folder}/short.npy", ["short.npy"]),
        ("--input=x={folder}/integers.npy", ["integers.npy", "int64", "float32"]),
        ("--input=x={folder}/shape.npy", ["x", "9"]),
        ("--input=x={folder}", ["{folder}"]),
        ("--test-data={folder}/empty", ["empty", "input_0.pb"]),
        ("--test-data={folder}/garbage", ["garbage/input_0.pb"]),
        ("--test-data={folder}/wrong-type", ["wrong-type/input_0.pb"]),
        ("--test-data={folder}/too-many", ["too-many"]),
    ],
)
def test_inputs_that_do_not_fit_are_one_sentence(bench, convolution, tmp_path, flag, words):
    right = np.zeros((1, 3, 8, 8), np.float32)
    np.save(tmp_path / "integers.npy", right.astype(np.int64))
    np.save(tmp_path / "shape.npy", np.zeros((1, 3, 9, 9), np.float32))
    (tmp_path / "text.npy").write_text("no numbers at all")
    np.save(tmp_path / "whole.npy", right)
    (tmp_path / "short.npy").write_bytes((tmp_path / "whole.npy").read_bytes()[:-9])
    tiny_models.save_test_data(tmp_path / "empty", [], [])
    tiny_models.save_test_data(tmp_path / "garbage", [right], [])
    (tmp_path / "garbage" / "input_0.pb").write_bytes(b"\xff" * 40)
    tiny_models.save_test_data(tmp_path / "wrong-type", [right.astype(np.int64)], [])
    tiny_models.save_test_data(tmp_path / "too-many", [right, right], [])
    run = bench(convolution, "--onnxruntime", flag.format(folder=tmp_path))
    assert run.code == 2
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1
    for word in words:
        assert word.format(folder=tmp_path) in run.stderr
    assert run.files() == []


def test_an_array_of_the_user(bench, convolution, tmp_path):
    """Zeros in make zeros out: an engine whose outputs are scaled can't be told from a right one
    then, which shows that these values really are the inputs."""
    np.save(tmp_path / "zeros.npy", np.zeros((1, 3, 8, 8), np.float32))
    run = bench(convolution, "--onnxruntime", f"--input=x={tmp_path}/zeros.npy")
    assert run.code == 0
    result = run.only_result()
    assert result["backend_meta"] == "cpu-input=x@zeros.npy"
    assert result["verification"]["max_abs_error"] == 0


def test_an_array_gives_a_dynamic_input_its_size(bench, tmp_path):
    path = tiny_models.save(tiny_models.convolution("N"), tmp_path / "dynamic.onnx")
    np.save(tmp_path / "three.npy", np.ones((3, 3, 8, 8), np.float32))
    run = bench(path, "--onnxruntime", f"--input=x={tmp_path}/three.npy")
    assert run.only_result()["input_shapes"] == {"x": [3, 3, 8, 8]}


def test_a_number_fills_an_input(bench, lookup):
    run = bench(lookup, "--onnxruntime", "--input=ids=3")
    assert run.code == 0
    assert run.only_result()["backend_meta"] == "cpu-input=ids@3"


def test_a_number_that_the_type_can_not_hold(bench, lookup):
    run = bench(lookup, "--onnxruntime", "--input=ids=1.5")
    assert run.code == 2
    assert "ids" in run.stderr
    assert run.files() == []


def test_an_index_outside_of_the_table_is_the_engine_s_reason(bench, lookup):
    run = bench(lookup, "--onnxruntime", "--input=ids=99")
    assert run.code == 1
    result = run.only_result()
    assert result["outcome"] == "failed"
    assert "99" in result["reason"]


def test_test_data_is_the_reference(bench, lookup, tmp_path):
    ids = np.array([4, 0, 2, 4], np.int64)
    (rows,) = expected_of(lookup, ids=ids)
    right = tiny_models.save_test_data(tmp_path / "right", [ids], [rows])
    run = bench(lookup, "--onnxruntime", "--fake=ok", f"--test-data={right}")
    assert run.code == 0
    assert run.results["onnxruntime-cpu-test-data=right"]["verification"]["verdict"] == "ok"

    rows[0, 0] += 1
    wrong = tiny_models.save_test_data(tmp_path / "wrong", [ids], [rows])
    run = bench(lookup, "--onnxruntime", f"--test-data={wrong}")
    assert run.code == 1
    result = run.only_result()
    assert (result["outcome"], result["verification"]["verdict"]) == ("wrong_output", "wrong")
    assert "rows" in result["reason"]


def test_test_data_without_outputs_gives_the_inputs_alone(bench, lookup, tmp_path):
    data = tiny_models.save_test_data(tmp_path / "inputs-only", [np.zeros(4, np.int64)], [])
    run = bench(lookup, "--onnxruntime", f"--test-data={data}")
    assert run.code == 0
    assert run.only_result()["verification"]["verdict"] == "ok"


def test_random_operators_are_unverified_and_not_ranked(bench, tmp_path):
    path = tiny_models.save(tiny_models.random_normal(), tmp_path / "random.onnx")
    run = bench(path, "--onnxruntime", "--fake=ok")
    assert run.code == 0
    for result in run.results.values():
        assert result["outcome"] == "ok"
        assert result["verification"]["verdict"] == "unverified"
        assert "RandomNormalLike" in result["verification"]["reason"]
    assert run.verdict("onnxruntime") == "unverified"
    assert "No engine produced verified outputs, so there is nothing to rank." in run.stdout
    assert "fastest" not in run.stdout


def test_a_reference_that_fails_makes_the_others_unverified(bench, tmp_path):
    """The index is outside of the table: an engine that computes something all the same has nothing
    that could prove it right."""
    path = tiny_models.save(tiny_models.lookup(), tmp_path / "lookup.onnx")
    run = bench(path, "--openvino", "--input=ids=99")
    result = run.only_result()
    assert result["verification"]["verdict"] == "unverified"
    if result["outcome"] == "ok":
        assert (
            "the reference, ONNX Runtime, can't run this model"
            in (result["verification"]["reason"])
        )


def test_what_sorts_is_not_wrong_where_no_input_can_be_moved(bench, tmp_path):
    """The engine swaps the second and the third of four scores and their positions. Moving f32
    pixels shows that rounding does not; that bytes can't be moved leaves it open."""
    nodes = [
        tiny_models.node("Cast", "x", "pixels", to=onnx.TensorProto.FLOAT),
        tiny_models.node("Conv", "pixels w", "c"),
        tiny_models.node("Reshape", "c flat", "s"),
        tiny_models.node("TopK", "s four", "scores positions"),
    ]
    initializers = [
        tiny_models.weights("w", 1, 1, 3, 3),
        tiny_models.constant("flat", [36]),
        tiny_models.constant("four", [4]),
    ]
    outputs = [tiny_models.tensor("scores", [4]), tiny_models.tensor("positions", [4], INT64)]
    for kind, verdict in (("UINT8", "unverified"), ("FLOAT", "wrong")):
        image = tiny_models.tensor("x", [1, 1, 8, 8], getattr(onnx.TensorProto, kind))
        model = tiny_models.model_of(nodes, [image], outputs, initializers)
        path = tiny_models.save(model, tmp_path / f"{kind}.onnx")
        results = bench(path, "--onnxruntime", "--fake=transposed").results
        assert results["onnxruntime-cpu"]["verification"]["verdict"] == "ok"
        verification = results["fake-transposed"]["verification"]
        assert verification["verdict"] == verdict
        assert ("no input can be moved" in verification["reason"]) == (verdict == "unverified")


@pytest.mark.parametrize(("mask", "masked"), [("attention_mask", 0), ("tgt_key_padding_mask", 1)])
def test_a_causal_model_with_a_mask_is_verified(bench, tmp_path, mask, masked):
    """A query that may attend to no key would be NaN, and in the next layer all the others."""
    nodes = [
        tiny_models.node("Gather", "table ids", "x0"),
        tiny_models.node("Equal", f"{mask} masked", "without"),
        tiny_models.node("Unsqueeze", "without axis", "keys"),
        tiny_models.node("Or", "keys future", "hidden"),
    ]
    for i in range(2):
        nodes += [
            tiny_models.node("Transpose", f"x{i}", f"t{i}", perm=[0, 2, 1]),
            tiny_models.node("MatMul", f"x{i} t{i}", f"all{i}"),
            tiny_models.node("Where", f"hidden minus_infinity all{i}", f"scores{i}"),
            tiny_models.node("Softmax", f"scores{i}", f"shares{i}", axis=-1),
            tiny_models.node("MatMul", f"shares{i} x{i}", f"x{i + 1}"),
        ]
    initializers = [
        tiny_models.weights("table", 11, 8),
        tiny_models.constant("masked", masked),
        tiny_models.constant("axis", [1]),
        tiny_models.constant("future", np.triu(np.ones((1, 6, 6)), 1), bool),
        tiny_models.constant("minus_infinity", -np.inf),
    ]
    inputs = [tiny_models.tensor(name, [1, 6], INT64) for name in ("ids", mask)]
    output = tiny_models.tensor("x2", [1, 6, 8])
    path = tiny_models.save(
        tiny_models.model_of(nodes, inputs, [output], initializers), tmp_path / "decoder.onnx"
    )
    result = bench(path, "--onnxruntime").only_result()
    assert result["verification"]["verdict"] == "ok", result["verification"]["reason"]


def test_sequences_of_maps(bench, tmp_path):
    path = tiny_models.save(tiny_models.tree_classifier(), tmp_path / "trees.onnx")
    run = bench(path, "--onnxruntime", "--openvino", "--pytorch", "--tf", "--tvm", "--batch=6")
    for name, result in run.results.items():
        if name.startswith("onnxruntime"):
            assert (result["outcome"], result["verification"]["verdict"]) == ("ok", "ok")
        else:
            assert result["outcome"] == "unsupported", (name, result["reason"])


def test_two_models_of_one_name(bench, tmp_path):
    paths = []
    for folder, batch in (("a", 1), ("b", 2)):
        (tmp_path / folder).mkdir()
        model = tiny_models.convolution(batch)
        paths.append(tiny_models.save(model, tmp_path / folder / "model.onnx"))
    for arguments in (paths, paths[:1], paths[1:]):
        run = bench(*arguments, "--onnxruntime", output=tmp_path / "results")
        assert run.code == 0
    shapes = [json.loads(path.read_text())["input_shapes"]["x"][0] for path in run.json_files()]
    assert sorted(shapes) == [1, 2]


def test_a_name_with_an_equals_sign(bench, tmp_path):
    path = tiny_models.save(tiny_models.convolution("N", name="a=b"), tmp_path / "model.onnx")
    result = bench(path, "--onnxruntime", "--shape=a=b=5,3,8,8", "--input=a=b=2").only_result()
    assert result["outcome"] == "ok"
    assert result["input_shapes"] == {"a=b": [5, 3, 8, 8]}


def test_the_longest_name_of_a_file(bench, tmp_path):
    path = tiny_models.save(tiny_models.convolution(), tmp_path / ("m" * 250 + ".onnx"))
    assert bench(path, "--onnxruntime", "--threads=1").only_result()["outcome"] == "ok"
