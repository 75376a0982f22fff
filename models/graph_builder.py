"""Collects the nodes, initializers, inputs and outputs of one ONNX model."""

import math

import numpy as np
import onnx
from onnx import helper, numpy_helper

from seeded_weights import ConstantTensor, SeededTensor

FLOAT = onnx.TensorProto.FLOAT
INT32 = onnx.TensorProto.INT32
INT64 = onnx.TensorProto.INT64


class GraphBuilder:
    """One model under construction; a node's only output bears the node's name.

    source: a sentence that says where the architecture comes from.
    initializers_are_inputs: the habit of IR version 3, to list every initializer as an input too.
    """

    def __init__(
        self,
        name: str,
        opset: int,
        ir_version: int,
        producer: str,
        source: str,
        initializers_are_inputs: bool = False,
    ):
        self.name = name
        self.opset = opset
        self.ir_version = ir_version
        self.producer = producer
        self.source = source
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, SeededTensor | ConstantTensor] = {}
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.initializers_are_inputs = initializers_are_inputs

    def input(self, name: str, element_type: int, shape: list[int | str]) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, element_type, shape))
        return name

    def output(self, name: str, element_type: int, shape: list[int | str]) -> None:
        self.outputs.append(helper.make_tensor_value_info(name, element_type, shape))

    def weight(self, name: str, shape: tuple[int, ...], std: float, **options) -> str:
        """A seeded float32 initializer; options are those of SeededTensor."""
        assert name not in self.initializers, name
        self.initializers[name] = SeededTensor(self.name, name, shape, std, **options)
        return name

    def constant(self, name: str, values, dtype=np.int64) -> str:
        """An initializer with given values; asking for the same name again reuses it."""
        tensor = ConstantTensor(name, np.array(values, dtype))
        known = self.initializers.setdefault(name, tensor)
        assert np.array_equal(known.array, tensor.array), name
        return name

    def constant_node(self, values, dtype=np.int64) -> str:
        """A Constant node, as PyTorch's exporter writes them."""
        name = self.next_name("Constant")
        value = numpy_helper.from_array(np.array(values, dtype), name)
        return self.node("Constant", [], name, value=value)

    def node(self, operator: str, inputs: list[str], name: str | None = None, **attributes) -> str:
        name = name or self.next_name(operator)
        return self.node_with_outputs(operator, inputs, [name], name, **attributes)[0]

    def node_with_outputs(
        self,
        operator: str,
        inputs: list[str],
        outputs: list[str],
        name: str | None = None,
        **attributes,
    ) -> list[str]:
        name = name or self.next_name(operator)
        self.nodes.append(helper.make_node(operator, inputs, outputs, name=name, **attributes))
        return outputs

    def next_name(self, operator: str) -> str:
        return f"{operator}_{len(self.nodes) + 1}"

    def model_inputs(self) -> list[onnx.ValueInfoProto]:
        """The graph's input list as the file has it."""
        if not self.initializers_are_inputs:
            return self.inputs
        return self.inputs + [
            helper.make_tensor_value_info(
                tensor.name, helper.np_dtype_to_tensor_dtype(tensor.dtype), tensor.shape
            )
            for tensor in self.initializers.values()
        ]

    def float_elements(self) -> int:
        """Elements of the float32 initializers, scalars not counted: the model's weights."""
        return sum(
            math.prod(tensor.shape)
            for tensor in self.initializers.values()
            if tensor.dtype == np.float32 and tensor.shape
        )
