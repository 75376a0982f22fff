"""What `--save-converted` wrote, loaded by the libraries' own Python packages: the same outputs as the engine's, both by ONNX Runtime.

Those packages are gigabytes, so this is skipped where nobody has fetched them with `setup/python_env.sh pytorch_peers` or
`setup/python_env.sh tensorflow`. Large models: tests/peers/converters.py ENGINE MODEL --saved-only."""

import hashlib
import subprocess
from pathlib import Path

import numpy as np
import pytest
from onnx import helper, numpy_helper

import tiny_models
from processes import cache_folder

REPOSITORY = Path(__file__).resolve().parent.parent
ENVIRONMENTS = {"pytorch": "pytorch_peers", "tf": "tensorflow"}
PROGRAMS = {"pytorch": "dnnbench-engine-pytorch", "tf": "dnnbench-engine-tensorflow"}
LIMIT_S = 300


def python_of(environment: str) -> Path | None:
    """As setup/python_env.sh has it, without installing."""
    pins = (REPOSITORY / "setup" / "python" / f"{environment}.txt").read_bytes()
    folder = cache_folder() / "python" / f"{environment}-{hashlib.sha256(pins).hexdigest()[:12]}"
    return folder / "bin" / "python" if (folder / "complete").exists() else None


def control_flow():
    """A branch, and a layer with a state, after a convolution."""

    def branch(name, op):
        return helper.make_graph(
            [helper.make_node(op, ["turns"], [name])], name, [], [tiny_models.tensor(name, None)]
        )

    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("Reshape", ["c", "shape"], ["flat"]),
        helper.make_node("Transpose", ["flat"], ["turns"], perm=[2, 0, 1]),
        helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0),
        helper.make_node("Cast", ["sum"], ["positive"], to=9),
        helper.make_node(
            "If",
            ["positive"],
            ["chosen"],
            then_branch=branch("yes", "Relu"),
            else_branch=branch("no", "Neg"),
        ),
        helper.make_node("LSTM", ["chosen", "iw", "rw"], ["y", "last"], hidden_size=6),
    ]
    weights = [
        tiny_models.weights("w", 4, 3, 3, 3),
        tiny_models.weights("iw", 1, 24, 4),
        tiny_models.weights("rw", 1, 24, 6),
        numpy_helper.from_array(np.array([1, 4, 9]), "shape"),
    ]
    outputs = [tiny_models.tensor("y", [9, 1, 1, 6]), tiny_models.tensor("last", [1, 1, 6])]
    return tiny_models.model_of(nodes, [tiny_models.tensor("x", [1, 3, 5, 5])], outputs, weights)


@pytest.fixture(scope="module")
def models(tmp_path_factory, generated_model):
    folder = tmp_path_factory.mktemp("models")
    return [
        tiny_models.save(tiny_models.convolution(), folder / "convolution.onnx"),
        tiny_models.save(control_flow(), folder / "control_flow.onnx"),
        generated_model("mobilenetv2-10"),
        generated_model("super-resolution-10"),
    ]


@pytest.mark.parametrize("engine", ENVIRONMENTS)
def test_the_library_itself_computes_the_same(programs, models, engine):
    python = python_of(ENVIRONMENTS[engine])
    if python is None or not (programs / PROGRAMS[engine]).exists():
        pytest.skip(f"without setup/python_env.sh {ENVIRONMENTS[engine]}, or {engine} is not built")
    script = REPOSITORY / "tests" / "peers" / "converters.py"
    flags = ["--saved-only", "--seconds=0.5", "--rounds=1", f"--programs={programs}"]
    done = subprocess.run(
        [python, script, engine, *models, *flags], capture_output=True, text=True, timeout=LIMIT_S
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == len(models)
