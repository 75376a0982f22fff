"""From ONNX to Relax: TVM's importer, with our fixes and with failures that say where."""

import contextlib
import os

import onnx
import tvm
from tvm import relax
from tvm.relax.frontend.onnx import onnx_frontend

from .failure import Unsupported
from .import_fixes import FIXES

_ONNX_DOMAINS = ("", "ai.onnx")
_UNKNOWN_TYPES = (
    onnx.TensorProto.STRING,
    onnx.TensorProto.INT4,
    onnx.TensorProto.UINT4,
    onnx.TensorProto.FLOAT4E2M1,
)


def import_model(model: onnx.ModelProto) -> tvm.IRModule:
    """The model as a Relax function `main` of its inputs. Throws Unsupported."""
    _require_known_types(model.graph)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        return _Importer(None, None).from_onnx(model.graph, opset_of(model))


def opset_of(model: onnx.ModelProto) -> int:
    return next((o.version for o in model.opset_import if o.domain in _ONNX_DOMAINS), 1)


def _require_known_types(graph: onnx.GraphProto) -> None:
    """The library has no tensors of strings, and none of integers that share a byte."""
    types = {tensor.name: tensor.data_type for tensor in graph.initializer}
    types |= {value.name: value.type.tensor_type.elem_type for value in graph.input}
    for node in graph.node:
        for name in node.input:
            if types.get(name) in _UNKNOWN_TYPES:
                kind = onnx.TensorProto.DataType.Name(types[name]).lower()
                raise Unsupported(
                    f'TVM has no tensors of type {kind}: {node.op_type}{_where(node)}, input "{name}"'
                )


class _Importer(onnx_frontend.ONNXGraphImporter):
    """The library's, as it is used by its own `from_onnx`, which first checks the whole model again."""

    def _check_for_unsupported_ops(self, graph: onnx.GraphProto) -> None:
        known = {*onnx_frontend._get_convert_map(), *FIXES}
        for node in graph.node:
            if node.domain not in _ONNX_DOMAINS:
                raise Unsupported(f"TVM does not know {node.domain}.{node.op_type}{_where(node)}")
            if node.op_type not in known and node.op_type not in ("If", "Constant"):
                raise Unsupported(
                    f"TVM's importer has no {node.op_type} (opset {self.opset}){_where(node)}"
                )

    def _convert_operator(
        self, op_name: str, inputs: list, attrs: dict, opset: int
    ) -> relax.Expr | list:
        name = attrs["tvm_custom"]["name"]
        try:
            fixed = self._fixed(op_name, inputs, attrs)
            if fixed is not None:
                return fixed
            converted = super()._convert_operator(op_name, inputs, attrs, opset)
            _require_outputs(converted, attrs["tvm_custom"]["num_outputs"])
            return converted
        except Unsupported as unsupported:
            raise Unsupported(f'{op_name} (opset {opset}), node "{name}": {unsupported}') from None
        except Exception as error:  # noqa: BLE001 whatever it is, the importer can't do this node
            raise Unsupported(
                f"TVM's importer can't express {op_name} (opset {opset}), "
                f'node "{name}": {_first_line(error)}'
            ) from error

    def _fixed(self, op_name: str, inputs: list, attrs: dict) -> relax.Expr | None:
        fix = FIXES.get(op_name)
        fixed = fix(self.bb, inputs, attrs) if fix else None
        return None if fixed is None else self.bb.normalize(fixed)


def _where(node: onnx.NodeProto) -> str:
    return f', node "{node.name}"'


def _require_outputs(converted: relax.Expr, wanted: int) -> None:
    ty = getattr(converted, "ty", None)
    given = len(ty.fields) if isinstance(ty, relax.TupleType) else 1
    if given < wanted:
        raise Unsupported(f"TVM's importer gives {given} of its {wanted} outputs")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
