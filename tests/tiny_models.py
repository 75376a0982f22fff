"""ONNX models of a few kilobytes, for tests that run the whole program."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64, STRING = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING
OPSET = 13


def tensor(name: str, shape: list, kind: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def weights(name: str, *shape: int) -> onnx.TensorProto:
    values = np.random.default_rng(len(name)).standard_normal(shape) / np.sqrt(shape[-1])
    return numpy_helper.from_array(values.astype(np.float32), name)


def model_of(nodes: list, inputs: list, outputs: list, initializers: list = ()) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def constant(name: str, values: object, kind: type | None = None) -> onnx.TensorProto:
    """Where no type is given, whole numbers are int64 and others f32."""
    array = np.asarray(values)
    if kind is None:
        kind = np.float32 if array.dtype == np.float64 else array.dtype
    return numpy_helper.from_array(array.astype(kind), name)


def node(operator: str, inputs: str, outputs: str = "y", **attributes: object) -> onnx.NodeProto:
    """Names are words; "-" stands for an optional input or output that is left out."""
    names = [["" if name == "-" else name for name in words.split()] for words in (inputs, outputs)]
    return helper.make_node(operator, *names, **attributes)


def floats_model(
    nodes: list, shapes: dict, initializers: list = (), outputs: tuple = ("y",), opset: int = 18
) -> onnx.ModelProto:
    """f32 inputs of these shapes, outputs whose shapes inference finds, ONNX Runtime's operators."""
    inputs = [tensor(name, shape) for name, shape in shapes.items()]
    model = model_of(nodes, inputs, [tensor(name, None) for name in outputs], initializers)
    model.opset_import[0].version = opset
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return model


def convolution(batch: object = 1, size: int = 8, name: str = "x") -> onnx.ModelProto:
    """Convolution, Relu and Gemm: name [batch, 3, size, size] -> y [batch, 10]."""
    nodes = [
        helper.make_node("Conv", [name, "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("Flatten", ["r"], ["f"]),
        helper.make_node("Gemm", ["f", "b"], ["y"]),
    ]
    initializers = [weights("w", 4, 3, 3, 3), weights("b", 4 * size * size, 10)]
    return model_of(
        nodes, [tensor(name, [batch, 3, size, size])], [tensor("y", [batch, 10])], initializers
    )


def residual() -> onnx.ModelProto:
    """Two convolutions that are added, then pooling, a depthwise convolution with padding on one
    side, Clip, and a matrix product of rank 3: x [1, 4, 9, 9] -> y [1, 4, 10]."""
    nodes = [
        helper.make_node("Conv", ["x", "a"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["x", "b"], ["d"]),
        helper.make_node("Add", ["c", "d"], ["s"]),
        helper.make_node("Relu", ["s"], ["r"]),
        helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2]),
        helper.make_node("Conv", ["p", "e"], ["f"], group=4, pads=[0, 0, 1, 1]),
        helper.make_node("Clip", ["f", "zero", "six"], ["g"]),
        helper.make_node("Reshape", ["g", "shape"], ["h"]),
        helper.make_node("MatMul", ["h", "m"], ["y"]),
    ]
    initializers = [
        weights("a", 4, 4, 3, 3),
        weights("b", 4, 4, 1, 1),
        weights("e", 4, 1, 2, 2),
        weights("m", 64, 10),
        numpy_helper.from_array(np.float32(0), "zero"),
        numpy_helper.from_array(np.float32(6), "six"),
        numpy_helper.from_array(np.array([1, 4, 64]), "shape"),
    ]
    return model_of(nodes, [tensor("x", [1, 4, 9, 9])], [tensor("y", [1, 4, 10])], initializers)


def lookup() -> onnx.ModelProto:
    """A table of 5 rows, looked up: ids int64[4] -> rows [4, 8]."""
    nodes = [helper.make_node("Gather", ["table", "ids"], ["rows"])]
    return model_of(
        nodes, [tensor("ids", [4], INT64)], [tensor("rows", [4, 8])], [weights("table", 5, 8)]
    )


def one_node(operator: str, **attributes: object) -> onnx.ModelProto:
    """x [2, 3] -> y [2, 3] by one operator with one input."""
    node = helper.make_node(operator, ["x"], ["y"], **attributes)
    return model_of([node], [tensor("x", [2, 3])], [tensor("y", [2, 3])])


def strings() -> onnx.ModelProto:
    node = helper.make_node("Identity", ["words"], ["same"])
    return model_of([node], [tensor("words", [3], STRING)], [tensor("same", [3], STRING)])


def tree_classifier() -> onnx.ModelProto:
    """As scikit-learn's exporter writes it: x [N, 4] -> label [N] and a map of probabilities for
    each row."""
    trees = helper.make_node(
        "TreeEnsembleClassifier",
        ["x"],
        ["label", "scores"],
        domain="ai.onnx.ml",
        class_ids=[0, 1, 2, 0, 1, 2],
        class_nodeids=[1, 1, 1, 2, 2, 2],
        class_treeids=[0] * 6,
        class_weights=[0.1, 0.2, 0.7, 0.6, 0.3, 0.1],
        classlabels_int64s=[0, 1, 2],
        nodes_falsenodeids=[2, 0, 0],
        nodes_truenodeids=[1, 0, 0],
        nodes_featureids=[1, 0, 0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
        nodes_nodeids=[0, 1, 2],
        nodes_treeids=[0] * 3,
        nodes_values=[0.0] * 3,
        post_transform="NONE",
    )
    maps = helper.make_node(
        "ZipMap", ["scores"], ["probabilities"], domain="ai.onnx.ml", classlabels_int64s=[0, 1, 2]
    )
    kind = onnx.TypeProto()
    kind.sequence_type.elem_type.map_type.key_type = INT64
    kind.sequence_type.elem_type.map_type.value_type.tensor_type.elem_type = FLOAT
    outputs = [tensor("label", ["N"], INT64), helper.make_value_info("probabilities", kind)]
    model = model_of([trees, maps], [tensor("x", ["N", 4])], outputs)
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 1))
    return model


def random_normal() -> onnx.ModelProto:
    nodes = [
        helper.make_node("RandomNormalLike", ["x"], ["noise"]),
        helper.make_node("Add", ["x", "noise"], ["y"]),
    ]
    return model_of(nodes, [tensor("x", [2, 3])], [tensor("y", [2, 3])])


def save(model: onnx.ModelProto, path: Path) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def save_with_external_data(model: onnx.ModelProto, path: Path) -> Path:
    onnx.save(
        model, path, save_as_external_data=True, location=f"{path.stem}.weights", size_threshold=0
    )
    return path


def save_test_data(folder: Path, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> Path:
    """The Model Zoo's layout: input_0.pb, output_0.pb, ..."""
    folder.mkdir()
    for kind, arrays in (("input", inputs), ("output", outputs)):
        for i, array in enumerate(arrays):
            proto = numpy_helper.from_array(array)
            (folder / f"{kind}_{i}.pb").write_bytes(proto.SerializeToString())
    return folder
