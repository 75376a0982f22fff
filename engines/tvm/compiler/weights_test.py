"""Large constants become parameters, each once, and small ones stay."""

import numpy as np
import pytest
import tvm
from tvm import relax
from tvm.relax import op

from .host_target import host_target
from .weights import LEAST_BYTES, take_weights_out

SIDE = int((LEAST_BYTES / 4) ** 0.5)


def module_of(*constants: np.ndarray) -> tvm.IRModule:
    """The input plus each constant, one after the other."""
    builder = relax.BlockBuilder()
    image = relax.Var("image", relax.TensorType((SIDE, SIDE), "float32"))
    shared = {id(value): relax.const(value) for value in constants}
    with builder.function("main", [image]):
        with builder.dataflow():
            value = image
            for constant in constants:
                value = builder.emit(op.add(value, shared[id(constant)]))
            result = builder.emit_output(value)
        builder.emit_func_output(result)
    return builder.finalize()


def module_with(constant: relax.Expr) -> tvm.IRModule:
    builder = relax.BlockBuilder()
    with builder.function("main", []):
        builder.emit_func_output(builder.emit(op.abs(constant)))
    return builder.finalize()


def test_what_is_taken_out_and_given_back_is_the_same():
    first, second = np.ones((SIDE, SIDE), np.float32), np.full((SIDE, SIDE), 2, np.float32)
    small = np.full((SIDE,), 4, np.float32)
    module, weights = take_weights_out(module_of(first, small, second, first))
    assert list(weights) == ["weight0", "weight1"]
    assert [p.name for p in module["main"].params] == ["image", "weight0", "weight1"]
    np.testing.assert_array_equal(weights["weight1"].numpy(), second)
    machine = relax.VirtualMachine(tvm.compile(module, target=host_target()), tvm.cpu())
    image = tvm.runtime.tensor(np.zeros((SIDE, SIDE), np.float32))
    np.testing.assert_array_equal(machine["main"](image, *weights.values()).numpy(), first * 8)


def test_a_model_without_large_constants_stays_as_it_is():
    module, weights = take_weights_out(module_of(np.ones(SIDE, np.float32)))
    assert weights == {}
    assert len(module["main"].params) == 1


def test_a_constant_without_elements_is_refused():
    with pytest.raises(ValueError, match=r"without elements, \[0,3\]"):
        take_weights_out(module_with(relax.const(np.ones((0, 3), np.float32))))
