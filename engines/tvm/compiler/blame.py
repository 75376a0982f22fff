"""Which node it is that a model can't be compiled for: the one that can't be compiled alone either."""

import time
from collections.abc import Callable

import onnx

_LIMIT_S = 60
_SMALL_BYTES = 1024


def find_culprit(
    model: onnx.ModelProto, try_to_compile: Callable[[onnx.ModelProto], None]
) -> tuple[onnx.NodeProto, Exception] | None:
    """The first node, with its exception, for whose model of one node `try_to_compile` throws.

    None where every node compiles alone, or is not found in a minute.
    """
    deadline = time.monotonic() + _LIMIT_S
    values = {value.name: value for value in [*model.graph.input, *model.graph.value_info]}
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    tried: set[tuple] = set()
    for node in model.graph.node:
        kind = _kind_of(node, values, constants)
        if kind in tried or time.monotonic() > deadline:
            continue
        tried.add(kind)
        try:
            try_to_compile(_alone(model, node, values, constants))
        except Exception as error:  # noqa: BLE001 whatever it is, the node's own
            return node, error
    return None


def _alone(
    model: onnx.ModelProto, node: onnx.NodeProto, values: dict, constants: dict
) -> onnx.ModelProto:
    names = dict.fromkeys(_operands(node))
    alone = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    alone.graph.name = node.name
    alone.graph.node.append(node)
    alone.graph.initializer.extend(constants[name] for name in names if name in constants)
    alone.graph.input.extend(
        values[name] for name in names if name in values and name not in constants
    )
    alone.graph.output.extend(onnx.ValueInfoProto(name=name) for name in node.output if name)
    return alone


def _operands(node: onnx.NodeProto) -> list[str]:
    """What it takes, and what its subgraphs may take from the graph around."""
    names = list(node.input)
    for attribute in node.attribute:
        names += [name for inner in attribute.g.node for name in _operands(inner)]
        names += [output.name for output in attribute.g.output]
    return names


def _kind_of(node: onnx.NodeProto, values: dict, constants: dict) -> tuple:
    """The same for nodes that differ in names and in large constants only."""
    operands = []
    for name in _operands(node):
        if name in constants:
            tensor = constants[name]
            value = tensor.raw_data if len(tensor.raw_data) <= _SMALL_BYTES else b""
            operands.append((tensor.data_type, tuple(tensor.dims), value))
        elif name in values:
            operands.append((values[name].type.SerializeToString(),))
    attributes = tuple(attribute.SerializeToString() for attribute in node.attribute)
    return node.op_type, node.domain, attributes, tuple(operands)
