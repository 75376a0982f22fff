"""The activation functions of recurrent operators, by ONNX's names and with their parameters."""

from collections.abc import Callable

from tvm import relax
from tvm.relax import op

from .failure import Unsupported

Activation = Callable[[relax.Expr], relax.Expr]


def _number(x: relax.Expr, value: float) -> relax.Expr:
    return relax.const(value, str(x.ty.dtype))


def _affine(x: relax.Expr, alpha: float, beta: float) -> relax.Expr:
    return op.add(op.multiply(x, _number(x, alpha)), _number(x, beta))


def _elu(x: relax.Expr, alpha: float) -> relax.Expr:
    below = op.multiply(op.subtract(op.exp(x), _number(x, 1)), _number(x, alpha))
    return op.where(op.less(x, _number(x, 0)), below, x)


def _scaled_tanh(x: relax.Expr, alpha: float, beta: float) -> relax.Expr:
    return op.multiply(op.tanh(op.multiply(x, _number(x, beta))), _number(x, alpha))


def _softplus(x: relax.Expr) -> relax.Expr:
    """For large numbers too, whose exponential is infinite."""
    positive = op.nn.relu(x)
    rest = op.exp(op.negative(op.abs(x)))
    return op.add(positive, op.log(op.add(rest, _number(x, 1))))


def _softsign(x: relax.Expr) -> relax.Expr:
    return op.divide(x, op.add(op.abs(x), _number(x, 1)))


def _thresholded_relu(x: relax.Expr, alpha: float) -> relax.Expr:
    return op.where(op.greater(x, _number(x, alpha)), x, _number(x, 0))


# With the defaults of alpha and beta where it has them; None where ONNX, which takes those of the
# operator of that name, and ONNX Runtime, which takes zeros, disagree. src/semantics/recurrent.cpp
# is the same rule; tests/recurrent_activations.json has cases for both.
KNOWN: dict[str, tuple[Callable[..., relax.Expr], list[float | None]]] = {
    "affine": (_affine, [None, None]),
    "elu": (_elu, [1.0]),
    "hardsigmoid": (lambda x, a, b: op.clip(_affine(x, a, b), 0, 1), [0.2, 0.5]),
    "leakyrelu": (op.nn.leakyrelu, [0.01]),
    "relu": (op.nn.relu, []),
    "scaledtanh": (_scaled_tanh, [None, None]),
    "sigmoid": (op.sigmoid, []),
    "softplus": (_softplus, []),
    "softsign": (_softsign, []),
    "tanh": (op.tanh, []),
    "thresholdedrelu": (_thresholded_relu, [None]),
}


def read_activations(attributes: dict, defaults: list[str]) -> list[Activation]:
    """Those that a node's attributes name, of all directions, or `defaults`."""
    given = [name.decode() for name in attributes.get("activations", ())] or defaults
    # By default ONNX names two for an RNN of one direction as well, and the first one counts.
    if len(given) != len(defaults) and (len(given), len(defaults)) != (2, 1):
        raise Unsupported(f"it has {len(given)} activations instead of {len(defaults)}")
    # Listed for those activations only that have an alpha, or a beta.
    alphas = iter(attributes.get("activation_alpha", ()))
    betas = iter(attributes.get("activation_beta", ()))
    return [_activation(name, (alphas, betas)) for name in given[: len(defaults)]]


def _activation(name: str, values: tuple) -> Activation:
    known = KNOWN.get(name.lower())  # in any case, as ONNX Runtime takes them
    if known is None:
        raise Unsupported(f"it has the activation {name}")
    function, defaults = known
    parameters = [next(value, default) for value, default in zip(values, defaults, strict=False)]
    if None in parameters:
        attribute = "activation_alpha" if parameters[0] is None else "activation_beta"
        raise Unsupported(
            f"it leaves {attribute} of {name} to a default, on which ONNX and ONNX Runtime disagree"
        )
    return lambda x: function(x, *parameters)
