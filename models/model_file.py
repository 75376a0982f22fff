"""Writes a model as an ONNX file, one weight at a time.

onnx.save needs the whole model in memory several times over. Here the protobuf fields that hold
weights are written directly (https://protobuf.dev/programming-guides/encoding), the rest by the
protobuf library, all in the order of their numbers: the bytes are the ones that onnx.save would
write.
"""

from collections.abc import Iterator

import numpy as np
from onnx import GraphProto, ModelProto, TensorProto, helper

from graph_builder import GraphBuilder
from seeded_weights import ConstantTensor, SeededTensor

_DOC = (
    "Seeded random weights in a published architecture; not the trained file of the ONNX Model Zoo."
)


def serialise(graph: GraphBuilder) -> Iterator[bytes | np.ndarray]:
    """The model's file in pieces, in order; each piece is bytes or a contiguous array."""
    head = GraphProto(node=graph.nodes, name=graph.name).SerializeToString(deterministic=True)
    tail = GraphProto(input=graph.model_inputs(), output=graph.outputs).SerializeToString(
        deterministic=True
    )
    initializers = [(_before_values(tensor), tensor) for tensor in graph.initializers.values()]
    size = len(head) + sum(len(start) + _byte_count(t) for start, t in initializers) + len(tail)

    model = ModelProto(ir_version=graph.ir_version, producer_name=graph.producer, doc_string=_DOC)
    yield model.SerializeToString(deterministic=True)
    yield _field(ModelProto.GRAPH_FIELD_NUMBER, size) + head
    for start, tensor in initializers:
        yield start
        yield tensor.values()
    opset = helper.make_opsetid("", graph.opset)
    yield tail + ModelProto(opset_import=[opset]).SerializeToString(deterministic=True)


def _before_values(tensor: SeededTensor | ConstantTensor) -> bytes:
    """Everything of an initializer up to its raw values."""
    element_type = helper.np_dtype_to_tensor_dtype(tensor.dtype)
    described = TensorProto(dims=tensor.shape, data_type=element_type, name=tensor.name)
    start = described.SerializeToString(deterministic=True)
    start += _field(TensorProto.RAW_DATA_FIELD_NUMBER, _byte_count(tensor))
    return _field(GraphProto.INITIALIZER_FIELD_NUMBER, len(start) + _byte_count(tensor)) + start


def _byte_count(tensor: SeededTensor | ConstantTensor) -> int:
    return int(np.prod(tensor.shape)) * tensor.dtype.itemsize


def _field(number: int, length: int) -> bytes:
    """Tag and length of a length-delimited field."""
    return _varint(number << 3 | 2) + _varint(length)


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
