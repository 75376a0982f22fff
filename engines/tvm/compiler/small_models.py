"""For tests: ONNX models of a few nodes, compiled and compared with onnx's own reference evaluator."""

import numpy as np
import onnx
import tvm
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from tvm import relax

from .build import lower
from .host_target import host_target
from .importer import import_model
from .rewrite import usual_kernels
from .vector_unit import vector_unit_of


def model_of(
    nodes: list, inputs: dict[str, np.ndarray], constants: dict[str, np.ndarray], opset: int
) -> onnx.ModelProto:
    """The nodes as a model with the output `y`."""
    graph = helper.make_graph(
        nodes,
        "fix",
        [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
            )
            for name, value in inputs.items()
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def compute(model: onnx.ModelProto, inputs: dict[str, np.ndarray]) -> np.ndarray:
    target = host_target()
    library = tvm.compile(
        lower(import_model(model), target, usual_kernels(vector_unit_of(target))), target=target
    )
    machine = relax.VirtualMachine(library, tvm.cpu())
    return machine["main"](*(tvm.runtime.tensor(value) for value in inputs.values())).numpy()


def require_right(nodes: list, inputs: dict, constants: dict, opset: int) -> None:
    model = model_of(nodes, inputs, constants, opset)
    (right,) = ReferenceEvaluator(model).run(None, inputs)
    computed = compute(model, inputs)
    assert computed.dtype == right.dtype
    np.testing.assert_allclose(computed, right, rtol=1e-4, atol=1e-5)
