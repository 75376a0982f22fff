"""Reads the model to compile: its simplified form, with the weights put back from the original.

The simplified form is what src/import gives every importing engine: all sizes fixed, shape
arithmetic folded, each weight an input that goes by its name in the original file.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.external_data_helper import ExternalDataInfo, _get_all_tensors, uses_external_data


def read_model(simplified: Path, original: Path) -> onnx.ModelProto:
    """The whole model, with all weights dense and every node named: one without a name goes by its
    first output."""
    model = onnx.load(str(simplified), load_external_data=False)
    _load_external_data(model, original.parent)
    whole = onnx.load(str(original), load_external_data=False)
    _load_external_data(whole, original.parent)
    _put_weights_back(model.graph, whole.graph)
    make_dense(model.graph)
    for node in model.graph.node:
        node.name = node.name or next((output for output in node.output if output), node.op_type)
    return model


def _load_external_data(model: onnx.ModelProto, folder: Path) -> None:
    """As onnx does it, but through links out of the folder, as a Hugging Face cache has them.
    dnnbench has checked the places."""
    for tensor in _get_all_tensors(model):
        if not uses_external_data(tensor):
            continue
        place = ExternalDataInfo(tensor)
        with (folder / place.location).open("rb") as file:
            file.seek(place.offset or 0)
            tensor.raw_data = file.read(place.length or -1)
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]


def _put_weights_back(graph: onnx.GraphProto, original: onnx.GraphProto) -> None:
    weights = _weights_of(original)
    known = {tensor.name for tensor in graph.initializer}
    inputs = list(graph.input)
    del graph.input[:]
    for value in inputs:
        if value.name not in weights:
            graph.input.append(value)
        elif value.name not in known:
            graph.initializer.append(weights[value.name])
            graph.initializer[-1].name = value.name


def _weights_of(graph: onnx.GraphProto) -> dict[str, onnx.TensorProto]:
    weights = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            weights[node.output[0]] = node.attribute[0].t
    return weights


def make_dense(graph: onnx.GraphProto) -> None:
    """Sparse initializers, and sparse constants of nodes, become initializers."""
    for sparse in graph.sparse_initializer:
        graph.initializer.append(_dense(sparse, sparse.values.name))
    del graph.sparse_initializer[:]
    for node in list(graph.node):
        if node.op_type == "Constant" and node.attribute[0].name == "sparse_value":
            graph.initializer.append(_dense(node.attribute[0].sparse_tensor, node.output[0]))
            graph.node.remove(node)


def _dense(sparse: onnx.SparseTensorProto, name: str) -> onnx.TensorProto:
    """Indices are linear, or one coordinate a dimension."""
    values, indices = numpy_helper.to_array(sparse.values), numpy_helper.to_array(sparse.indices)
    dense = np.zeros(sparse.dims, values.dtype)
    if indices.ndim == 1:
        dense.reshape(-1)[indices] = values
    else:
        dense[tuple(indices.T)] = values
    return numpy_helper.from_array(dense, name)
