"""A reference that is wrong is found, whoever agrees with it; an engine that is wrong still is."""

import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import tiny_models

# An ONNX Runtime with a damaged kernel: another model is run in place of the one asked for.
DAMAGED_RUNTIME = """#!{python}
import json, os, subprocess
requests, to_engine = os.pipe()
from_engine, replies = os.pipe()
os.set_inheritable(requests, True), os.set_inheritable(replies, True)
def arrange():
    first, second = os.dup(requests), os.dup(replies)
    os.dup2(first, 3), os.dup2(second, 4)
asked, answers = open(os.dup(3), encoding="utf-8"), open(os.dup(4), "w", encoding="utf-8")
engine = subprocess.Popen(["{engine}"], close_fds=False, preexec_fn=arrange)
os.close(requests), os.close(replies)
to, back = open(to_engine, "w", encoding="utf-8"), open(from_engine, encoding="utf-8")
for line in asked:
    request = json.loads(line)
    if request.get("model_path") == "{model}":
        request["model_path"] = "{damaged}"
    to.write(json.dumps(request) + "\\n")
    to.flush()
    answers.write(back.readline())
    answers.flush()
"""


def with_elu(model: onnx.ModelProto) -> onnx.ModelProto:
    """Relu computes Elu instead."""
    for node in model.graph.node:
        if node.op_type == "Relu":
            node.op_type = "Elu"
    return model


def with_one_wrong_element(model: onnx.ModelProto) -> onnx.ModelProto:
    """Relu is right but for one of its 16384 elements."""
    (index,) = (i for i, node in enumerate(model.graph.node) if node.op_type == "Relu")
    relu = model.graph.node[index]
    error = np.zeros((1, 4, 64, 64), np.float32)
    error[0, 1, 20, 33] = 100
    model.graph.initializer.append(numpy_helper.from_array(error, "error"))
    added = helper.make_node("Add", ["before", "error"], list(relu.output))
    relu.output[:] = ["before"]
    model.graph.node.insert(index + 1, added)
    return model


@pytest.fixture
def convolution(tmp_path) -> Path:
    return tiny_models.save(tiny_models.convolution(size=64), tmp_path / "convolution.onnx")


@pytest.fixture
def damaged(programs, convolution, tmp_path):
    """damaged(how): the programs with an ONNX Runtime that is damaged so."""

    def install(how) -> Path:
        wrong = tiny_models.save(how(onnx.load(convolution)), tmp_path / "damaged.onnx")
        folder = tmp_path / "programs"
        folder.mkdir()
        for program in programs.glob("dnnbench*"):
            if program.is_file() and program.name != "dnnbench-engine-onnxruntime":
                (folder / program.name).symlink_to(program)
        (folder / "dnnbench").unlink()
        shutil.copy2(programs / "dnnbench", folder / "dnnbench")
        script = folder / "dnnbench-engine-onnxruntime"
        script.write_text(
            DAMAGED_RUNTIME.format(
                python=sys.executable,
                engine=programs / "dnnbench-engine-onnxruntime",
                model=convolution,
                damaged=wrong,
            )
        )
        script.chmod(0o755)
        return folder / "dnnbench"

    return install


def test_a_right_reference_is_confirmed(bench, convolution):
    run = bench(convolution, "--onnxruntime")
    assert run.code == 0
    opinion = run.only_result()["verification"]["second_opinion"]
    assert opinion.pop("elements") > opinion.pop("elements_checked") > 256
    assert opinion == {
        "reference": "right",
        "reason": "",
        "disagreed": False,
        "nodes": 4,
        "nodes_checked": 4,
        "unchecked_operators": [],
    }


@pytest.mark.parametrize("opset", [11, 19])
def test_averages_over_what_ceil_mode_adds_are_confirmed(bench, tmp_path, opset):
    """Padding counts, what ceil_mode adds doesn't: in ONNX Runtime's older kernel, too."""
    pool = tiny_models.node(
        "AveragePool",
        "x",
        kernel_shape=[2, 2],
        strides=[2, 2],
        pads=[0, 0, 0, 1],
        ceil_mode=1,
        count_include_pad=1,
    )
    model = tiny_models.floats_model([pool], {"x": [1, 2, 7, 7]}, opset=opset)
    run = bench(tiny_models.save(model, tmp_path / "pool.onnx"), "--onnxruntime")
    opinion = run.only_result()["verification"]["second_opinion"]
    assert (opinion["reference"], opinion["nodes_checked"]) == ("right", 1)
    assert opinion["elements_checked"] == 2 * 4 * 4


def test_an_engine_that_disagrees_with_a_right_reference_is_wrong(bench, convolution):
    run = bench(convolution, "--fake=wrong")
    result = run.only_result()
    assert (run.code, result["outcome"]) == (1, "wrong_output")
    opinion = result["verification"]["second_opinion"]
    assert (opinion["reference"], opinion["disagreed"]) == ("right", True)
    assert opinion["nodes_checked"] == 4
    assert opinion["elements_checked"] == opinion["elements"] > 4 * 64 * 64


def assert_nobody_is_judged(run, node: str) -> None:
    for result in run.results.values():
        assert result["outcome"] == "ok"
        verification = result["verification"]
        assert verification["verdict"] == "unverified"
        assert verification["reason"].startswith(f"The reference, ONNX Runtime, is wrong at {node}")
        assert verification["second_opinion"]["reference"] == "wrong"
    assert "The reference, ONNX Runtime, is wrong at" in run.stdout


def test_a_damaged_kernel_is_found_before_any_engine_runs(bench, convolution, damaged):
    run = bench(convolution, "--onnxruntime", executable=damaged(with_elu))
    assert_nobody_is_judged(run, "Relu")
    assert not run.only_result()["verification"]["second_opinion"]["disagreed"]


def test_one_wrong_element_is_found_where_an_engine_disagrees(
    bench, convolution, damaged, needs_engine
):
    needs_engine("openvino")
    run = bench(
        convolution, "--onnxruntime", "--openvino", executable=damaged(with_one_wrong_element)
    )
    assert len(run.results) == 2
    assert_nobody_is_judged(run, "Relu")


def test_what_has_no_formula_is_named(bench, tmp_path):
    model = tiny_models.save(tiny_models.one_node("Hardmax"), tmp_path / "hardmax.onnx")
    opinion = bench(model, "--onnxruntime").only_result()["verification"]["second_opinion"]
    assert opinion["reference"] == "unknown"
    assert opinion["unchecked_operators"] == ["Hardmax"]
    assert opinion["reason"] == "none of its nodes could be checked"
