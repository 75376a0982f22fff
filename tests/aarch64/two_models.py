"""Two small models on the engines named in ENGINES, built for aarch64 and run in an emulator (setup/aarch64.sh).
Outputs are compared with those of ONNX's own evaluator on this machine. Not part of ctest."""

import os

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator

import tiny_models

FLAGS = {"onnxruntime": "--onnxruntime", "openvino": "--openvino", "pytorch": "--pytorch"}
FLAGS |= {"tensorflow": "--tf", "tvm": "--tvm"}
ENGINES = os.environ["ENGINES"].split()
LIMIT_S = 900  # an emulator is some hundred times slower than a machine


def attention() -> onnx.ModelProto:
    """Self-attention with a layer normalisation of single operators: x [1, 6, 16] -> y [1, 6, 16]."""
    node = helper.make_node
    nodes = [
        *[node("MatMul", ["x", f"w{part}"], [part]) for part in "qkv"],
        node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
        node("MatMul", ["q", "kt"], ["scores"]),
        node("Softmax", ["scores"], ["weights"], axis=-1),
        node("MatMul", ["weights", "v"], ["mixed"]),
        node("Add", ["x", "mixed"], ["sum"]),
        node("ReduceMean", ["sum"], ["mean"], axes=[-1]),
        node("Sub", ["sum", "mean"], ["centred"]),
        node("Mul", ["centred", "centred"], ["squares"]),
        node("ReduceMean", ["squares"], ["variance"], axes=[-1]),
        node("Sqrt", ["variance"], ["deviation"]),
        node("Div", ["centred", "deviation"], ["y"]),
    ]
    weights = [tiny_models.weights(f"w{part}", 16, 16) for part in "qkv"]
    ends = [tiny_models.tensor(name, [1, 6, 16]) for name in "xy"]
    return tiny_models.model_of(nodes, ends[:1], ends[1:], weights)


@pytest.fixture(scope="module", params=[tiny_models.convolution, attention])
def model(request, tmp_path_factory):
    """A model's path, and a folder with inputs and ONNX's outputs."""
    folder = tmp_path_factory.mktemp(request.param.__name__)
    proto = request.param()
    shape = [one.dim_value for one in proto.graph.input[0].type.tensor_type.shape.dim]
    x = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    outputs = ReferenceEvaluator(proto).run(None, {"x": x})
    data = tiny_models.save_test_data(folder / "data", [x], outputs)
    return tiny_models.save(proto, folder / "tiny.onnx"), data


@pytest.mark.parametrize("engine", ENGINES)
def test_outputs_are_those_of_onnx(bench, model, engine):
    path, data = model
    run = bench(
        path, FLAGS[engine], f"--test-data={data}", "--timeout=600", "--threads=1", timeout=LIMIT_S
    )
    result = run.only_result()
    assert (run.code, result["outcome"]) == (0, "ok"), run.stderr
    assert result["verification"]["verdict"] == "ok"
    assert result["in_force"]["precision"] == "f32"
    environment = result["environment"]
    assert (environment["architecture"], environment["cpu_model"]) == ("aarch64", "Neoverse-N1")
    assert environment["isa"] == ["asimd", "fp16", "asimddp"]


def test_device_arm_is_this_machine(bench, model):
    path, _ = model
    run = bench(path, "--onnxruntime", "--device=arm", timeout=LIMIT_S)
    assert (run.code, run.only_result()["device"]) == (0, "arm"), run.stderr


@pytest.mark.skipif("openvino" not in ENGINES, reason="OpenVINO is not built")
def test_openvino_would_choose_f16(bench, convolution):
    """What is forced to f32 above."""
    run = bench(convolution, "--openvino", "--precision=default", timeout=LIMIT_S)
    assert run.only_result()["in_force"]["precision"] == "mixed"
