"""Runs every model and looks at every tensor on the way: numbers that change the speed of a CPU
(NaN, Inf, denormal numbers) and signals that die out would make a model useless as a benchmark."""

import os
import shutil
from types import SimpleNamespace

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read when the library loads

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import GraphProto, ModelProto, TensorProto, helper

import architectures
import make_models

_VOCABULARY = 30522
_SAMPLE = 1 << 14
_SMALLEST_NORMAL = np.finfo(np.float32).tiny
_LARGEST = 1e6  # the largest seen is 3e4, an Exp of YOLOv4
_EXPENSIVE = ("bertsquad-10", "yolov4")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=pytest.mark.expensive if name in _EXPENSIVE else ())
        for name in architectures.BUILDERS
    ],
)
def ran(request, tmp_path_factory):
    """One model, run three times; tensors maps a name to its summary in each run."""
    folder = tmp_path_factory.mktemp("models")
    assert make_models.main([request.param, "--out", str(folder)]) == 0
    session = observing_session(request.param, folder / f"{request.param}.onnx")
    shutil.rmtree(folder)
    entry = make_models.read_manifest()[request.param]
    outputs = [value["name"] for value in entry["outputs"]]
    pictures = [feeds(entry, seed, np.random.Generator.random) for seed in (1, 2)]
    noise = feeds(entry, 3, np.random.Generator.standard_normal, tokens=200)
    runs = [summaries(session, feed) for feed in (*pictures, noise)]
    tensors = {name: [run[name] for run in runs] for name in runs[0]}
    return SimpleNamespace(name=request.param, tensors=tensors, outputs=outputs)


def observing_session(name, path):
    """A session whose outputs are all float tensors of the graph, computed without fusions."""
    with path.open("ab") as file:  # protobuf adds what is appended to a message's lists
        file.write(
            ModelProto(graph=GraphProto(output=inner_float_tensors(name))).SerializeToString()
        )
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 2
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # old models list their initializers as inputs: warned about
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def inner_float_tensors(name):
    """What lies between inputs and outputs, found by inference on a graph without weights."""
    builder = architectures.BUILDERS[name](name)
    builder.initializers_are_inputs = True
    graph = helper.make_graph(builder.nodes, name, builder.model_inputs(), builder.outputs)
    opset = helper.make_opsetid("", builder.opset)
    model = onnx.shape_inference.infer_shapes(helper.make_model(graph, opset_imports=[opset]))
    return [
        helper.make_tensor_value_info(value.name, TensorProto.FLOAT, None)
        for value in model.graph.value_info
        if value.type.tensor_type.elem_type == TensorProto.FLOAT
    ]


def feeds(entry, seed, draw, tokens=256):
    """Inputs of batch 1; what follows the first tokens of BERT's text is padding."""
    random = np.random.default_rng(seed)
    made = {}
    for value in entry["inputs"]:
        shape = [dim if isinstance(dim, int) else 1 for dim in value["shape"]]
        if value["type"] == "float":
            made[value["name"]] = draw(random, shape, np.float32)
        elif value["name"] == "input_mask:0":
            made[value["name"]] = np.int64(np.arange(shape[1]) < tokens)[None]
        else:
            end = _VOCABULARY if value["name"] == "input_ids:0" else 2
            made[value["name"]] = random.integers(0, end, shape)
    return made


def summaries(session, feed):
    """Of every float tensor: its extremes and an evenly spaced sample of its elements."""
    names = [value.name for value in session.get_outputs() if value.type == "tensor(float)"]
    feed = {name: onnxruntime.OrtValue.ortvalue_from_numpy(v) for name, v in feed.items()}
    values = session.run_with_ort_values(names, feed)  # not yet copied to numpy, which saves memory
    return {name: summary(value.numpy()) for name, value in zip(names, values)}


def summary(value):
    return SimpleNamespace(
        largest=float(max(abs(value.min()), abs(value.max()))),
        sample=value.ravel()[:: max(1, value.size // _SAMPLE)].copy(),
        rows=value.copy() if value.shape == (256, 768) else None,
    )


def test_every_layer_is_observed(ran):
    assert len(ran.tensors) > 0.8 * len(architectures.BUILDERS[ran.name](ran.name).nodes)


def test_numbers_are_finite_and_of_moderate_size(ran):
    for name, runs in ran.tensors.items():
        for run in runs:
            assert run.largest < _LARGEST, name  # false for NaN too


def test_no_number_is_denormal(ran):
    for name, runs in ran.tensors.items():
        for run in runs:
            magnitudes = np.abs(run.sample)
            assert not np.any((magnitudes > 0) & (magnitudes < _SMALLEST_NORMAL)), name


def test_no_signal_dies_out(ran):
    for name, runs in ran.tensors.items():
        for run in runs:
            if is_signal(runs):
                root_mean_square = np.sqrt(np.mean(np.square(run.sample, dtype=np.float64)))
                assert run.sample.std() > 0.05 * root_mean_square, name
                assert root_mean_square > 1e-3, name


def test_what_depends_on_the_input_depends_on_it_clearly(ran):
    for name, runs in ran.tensors.items():
        if is_signal(runs):
            assert relative_difference(runs[0].sample, runs[1].sample) > 0.01, name


def test_outputs_depend_on_the_input(ran):
    for name in set(ran.outputs) & set(ran.tensors):
        runs = ran.tensors[name]
        assert relative_difference(runs[0].sample, runs[1].sample) > 0.05, name


@pytest.mark.expensive
@pytest.mark.parametrize("ran", ["bertsquad-10"], indirect=True)
def test_tokens_stay_distinct(ran):
    last = ran.tensors["bert/encoder/layer_11/output/LayerNorm/batchnorm/add_1"]
    for run in last:
        tokens = run.rows / np.linalg.norm(run.rows, axis=1, keepdims=True)
        similarities = (tokens @ tokens.T)[np.triu_indices(len(tokens), k=1)]
        assert similarities.mean() < 0.6
        assert similarities.max() < 0.95


def is_signal(runs):
    """Not what only depends on the weights, nor moments of a layer norm (one number a token)."""
    return runs[0].sample.size >= 1000 and not np.array_equal(runs[0].sample, runs[1].sample)


def relative_difference(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return np.sqrt(np.square(a - b).sum() / np.square(a).sum())
