"""LSTM, GRU and RNN on TVM, which unrolls them: random small nodes, seeded, that dnnbench verifies
against ONNX Runtime."""

import numpy as np
import pytest
from onnx import helper, numpy_helper

import tiny_models
from tiny_models import tensor

NODES_PER_MODEL = 8
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
ACTIVATIONS = {"LSTM": 3, "GRU": 2, "RNN": 1}
PARAMETERS = {  # how many an activation takes
    "Affine": 2,
    "Elu": 1,
    "HardSigmoid": 2,
    "LeakyRelu": 1,
    "Relu": 0,
    "ScaledTanh": 2,
    "Sigmoid": 0,
    "Softplus": 0,
    "Softsign": 0,
    "Tanh": 0,
    "ThresholdedRelu": 1,
}
OF_GATES = ["HardSigmoid", "Sigmoid"]  # others let the states vanish or grow beyond all bounds


@pytest.fixture(autouse=True)
def needs_tvm(needs_engine):
    needs_engine("tvm")


class Generator:
    """Nodes of one model, each with an input of its own and all its outputs shown."""

    def __init__(self, seed: int):
        self.random = np.random.default_rng(seed)
        self.nodes, self.inputs, self.outputs, self.initializers = [], [], [], []

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def constant(self, name: str, values: np.ndarray) -> str:
        self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def weights(self, name: str, *shape: int) -> str:
        values = self.random.normal(0, 0.5 / np.sqrt(shape[-1]), shape)
        return self.constant(name, values.astype(np.float32))

    def activations(self, operator: str, directions: int) -> dict:
        """Some of their parameters, which are listed in the activations' order, by default."""
        names = []
        for index in range(ACTIVATIONS[operator] * directions):
            is_of_gates = operator != "RNN" and index % ACTIVATIONS[operator] == 0
            names.append(str(self.random.choice(OF_GATES if is_of_gates else list(PARAMETERS))))
        alphas = [float(self.random.uniform(0.1, 0.9)) for n in names if PARAMETERS[n] > 0]
        betas = [float(self.random.uniform(0.1, 0.9)) for n in names if PARAMETERS[n] > 1]
        given = {"activations": names}
        if alphas:
            given["activation_alpha"] = alphas
        if betas:
            given["activation_beta"] = betas
        return given

    def attributes(self, operator: str, directions: int) -> dict:
        given = {"direction": "bidirectional"}
        if directions == 1:
            given = {"direction": "reverse"} if self.chance(0.5) else {}
        if self.chance(0.5):
            given |= self.activations(operator, directions)
        if self.chance(0.3):
            given["clip"] = float(self.random.uniform(0.2, 1))
        if operator == "GRU" and self.chance(0.5):
            given["linear_before_reset"] = 1
        if operator == "LSTM" and self.chance(0.3):
            given["input_forget"] = 1
        return given

    def add_node(self, operator: str) -> None:
        name = f"n{len(self.nodes)}"
        directions = int(self.random.integers(1, 3))
        steps, batch, width, hidden = (int(n) for n in self.random.integers(1, [13, 4, 8, 20]))
        gates = GATES[operator] * hidden
        operands = [
            f"{name}_x",
            self.weights(f"{name}_w", directions, gates, width),
            self.weights(f"{name}_r", directions, gates, hidden),
        ]
        state = (directions, batch, hidden)
        lengths = self.random.integers(1, steps + 1, batch).astype(np.int32)
        optional = [
            ("b", lambda part: self.weights(part, directions, 2 * gates)),
            ("lengths", lambda part: self.constant(part, lengths)),
            ("h", lambda part: self.weights(part, *state)),
        ]
        if operator == "LSTM":
            optional.append(("c", lambda part: self.weights(part, *state)))
            optional.append(("p", lambda part: self.weights(part, directions, 3 * hidden)))
        for part, make in optional:
            operands.append(make(f"{name}_{part}") if self.chance(0.5) else "")
        results = [f"{name}_y", f"{name}_yh"] + ([f"{name}_yc"] if operator == "LSTM" else [])
        self.inputs.append(tensor(operands[0], [steps, batch, width]))
        self.outputs += [tensor(result, None) for result in results]
        self.nodes.append(
            helper.make_node(
                operator,
                operands,
                results,
                name=name,
                hidden_size=hidden,
                **self.attributes(operator, directions),
            )
        )

    def model(self):
        made = tiny_models.model_of(self.nodes, self.inputs, self.outputs, self.initializers)
        made.opset_import[0].version = 14
        return made


@pytest.mark.parametrize("operator", GATES)
@pytest.mark.parametrize("seed", range(3))
def test_random_nodes_compute_what_onnx_runtime_does(bench, tmp_path, operator, seed):
    generator = Generator(seed)
    for _ in range(NODES_PER_MODEL):
        generator.add_node(operator)
    result = bench(tiny_models.save(generator.model(), tmp_path / "m.onnx"), "--tvm").only_result()
    assert (result["outcome"], result["reason"]) == ("ok", "")


def sequence_of(steps: int, tmp_path):
    generator = Generator(0)
    width, hidden = 4, 8
    operands = ["x", generator.weights("w", 2, 32, width), generator.weights("r", 2, 32, hidden)]
    node = helper.make_node(
        "LSTM", operands, ["y"], name="long", hidden_size=hidden, direction="bidirectional"
    )
    model = tiny_models.model_of(
        [node], [tensor("x", [steps, 1, width])], [tensor("y", None)], generator.initializers
    )
    return tiny_models.save(model, tmp_path / "long.onnx")


def test_the_longest_sequence_that_is_unrolled(bench, tmp_path):
    result = bench(sequence_of(64, tmp_path), "--tvm").only_result()
    assert (result["outcome"], result["reason"]) == ("ok", "")


def test_a_longer_sequence_is_unsupported(bench, tmp_path):
    result = bench(sequence_of(65, tmp_path), "--tvm").only_result()
    assert result["outcome"] == "unsupported"
    assert "LSTM (opset 13)" in result["reason"]
    assert 'node "long"' in result["reason"]
    assert "its sequence has 65 steps" in result["reason"]
