"""Recurrent nodes in forms that ONNX Runtime does not compute: the batch first, weights and lengths
that are inputs. tests/tvm_recurrent_test.py has the others."""

import json
from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from .activations import KNOWN
from .failure import Unsupported
from .importer import import_model
from .recurrent import MAX_STEPS
from .small_models import model_of, require_right

REPOSITORY = Path(__file__).resolve().parents[3]
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
WIDTH, HIDDEN, BATCH = 3, 5, 2


def numbers(*shape: int) -> np.ndarray:
    values = np.random.default_rng(len(shape) + shape[0]).normal(0, 0.5, shape)
    return values.astype(np.float32)


def weights(operator: str) -> dict[str, np.ndarray]:
    gates = GATES[operator] * HIDDEN
    return {
        "w": numbers(1, gates, WIDTH),
        "r": numbers(1, gates, HIDDEN),
        "b": numbers(1, 2 * gates),
    }


def node_of(operator: str, **attributes):
    return helper.make_node(
        operator, ["x", "w", "r", "b"], ["y"], name="n", hidden_size=HIDDEN, **attributes
    )


@pytest.mark.parametrize("operator", GATES)
def test_weights_that_are_inputs(operator):
    require_right([node_of(operator)], {"x": numbers(4, BATCH, WIDTH)} | weights(operator), {}, 14)


@pytest.mark.parametrize("operator", GATES)
@pytest.mark.parametrize("output", ["y", "h"])
def test_the_batch_first(operator, output):
    given = {"x": numbers(BATCH, 4, WIDTH)}
    node = node_of(operator, layout=1)
    node.output[:] = ["y"] if output == "y" else ["", "y"]
    require_right([node], given, weights(operator), 14)


def import_rnn(steps: int, **attributes) -> None:
    given = {"x": numbers(steps, BATCH, WIDTH)}
    import_model(model_of([node_of("RNN", **attributes)], given, weights("RNN"), 14))


def test_what_it_does_not_know_is_unsupported():
    import_rnn(MAX_STEPS)
    with pytest.raises(Unsupported, match=r'RNN \(opset 14\), node "n": its sequence has 65 steps'):
        import_rnn(MAX_STEPS + 1)
    with pytest.raises(Unsupported, match="it has the activation Cosh"):
        import_rnn(2, activations=["Cosh"])
    with pytest.raises(Unsupported, match="its direction is sideways"):
        import_rnn(2, direction="sideways")
    with pytest.raises(Unsupported, match="it has 3 activations instead of 1"):
        import_rnn(2, activations=["Tanh"] * 3)
    import_rnn(2, activations=["Tanh"] * 2)


@pytest.mark.parametrize("function", ["Affine", "ScaledTanh", "ThresholdedRelu"])
def test_a_default_on_which_onnx_and_onnx_runtime_disagree_is_unsupported(function):
    message = f"it leaves activation_alpha of {function} to a default, on which"
    with pytest.raises(Unsupported, match=message):
        import_rnn(2, activations=[function])
    import_rnn(2, activations=[function], activation_alpha=[0.3], activation_beta=[0.4])


def test_defaults_are_those_of_the_other_importers():
    """The table that src/semantics/recurrent_test.cpp reads, too."""
    table = json.loads((REPOSITORY / "tests/recurrent_activations.json").read_text("utf-8"))
    assert {name: defaults for name, (_, defaults) in KNOWN.items()} == {
        name.lower(): defaults for name, defaults in table.items()
    }


def test_steps_have_their_weights_in_common():
    from .build import lower
    from .host_target import host_target
    from .rewrite import usual_kernels
    from .vector_unit import vector_unit_of
    from .weights import take_weights_out

    hidden = 512
    constants = {"w": numbers(1, 4 * hidden, WIDTH), "r": numbers(1, 4 * hidden, hidden)}
    node = helper.make_node("LSTM", ["x", "w", "r"], ["y"], hidden_size=hidden)
    model = model_of([node], {"x": numbers(6, 1, WIDTH)}, constants, 14)
    target = host_target()
    module = lower(import_model(model), target, usual_kernels(vector_unit_of(target)))
    _, large = take_weights_out(module)
    assert len(large) == 1
