"""EfficientNet-Lite4 as tf2onnx exported it: NHWC input, batch norm folded, ReLU6 as Clip with
inputs, TensorFlow's asymmetric SAME padding, Softmax at the end."""

import math
from typing import NamedTuple

import signal_statistics as statistics
from convnet_builder import FLOAT, ConvNetBuilder, Signal

_PREFIX = "efficientnet-lite4/model/"


class _Stage(NamedTuple):
    blocks: int
    kernel: int
    stride: int  # of the first block
    expansion: int
    channels: int


_STAGES = [
    _Stage(1, 3, 1, 1, 24),
    _Stage(4, 3, 2, 6, 32),
    _Stage(4, 5, 2, 6, 56),
    _Stage(6, 3, 2, 6, 112),
    _Stage(6, 5, 1, 6, 160),
    _Stage(8, 5, 2, 6, 272),
    _Stage(1, 3, 1, 6, 448),
]


def build(name: str) -> ConvNetBuilder:
    graph = ConvNetBuilder(
        name,
        opset=11,
        ir_version=6,
        producer="tf2onnx-replica",
        source="Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural"
        " Networks (arXiv 1905.11946), as EfficientNet-Lite4 of the TensorFlow TPU models",
    )
    image = graph.input("images:0", FLOAT, [1, 224, 224, 3])
    x = Signal(graph.node("Transpose", [image], perm=[0, 3, 1, 2]), 3, mean=0.0, variance=1.0)
    network = _Network(graph, size=224)
    x = network.conv_relu6(x, "stem", 32, 3, stride=2)
    block = 0
    for stage in _STAGES:
        for position in range(stage.blocks):
            stride = stage.stride if position == 0 else 1
            x = network.inverted_residual(x, f"blocks_{block}", stage, stride)
            block += 1
    x = network.conv_relu6(x, "head", 1280, 1)
    network.classify(x)
    return graph


class _Network:
    """Adds layers to the graph; size is the current picture's height and width."""

    def __init__(self, graph: ConvNetBuilder, size: int):
        self._graph = graph
        self._size = size

    def inverted_residual(self, x: Signal, name: str, stage: _Stage, stride: int) -> Signal:
        y, wide = x, x.channels * stage.expansion
        if stage.expansion != 1:
            y = self.conv_relu6(y, f"{name}/expand", wide, 1)
        y = self.conv_relu6(y, f"{name}/depthwise", wide, stage.kernel, stride, groups=wide)
        y = self._conv(y, f"{name}/project", stage.channels, 1, variance=0.5)
        if stride == 1 and x.channels == stage.channels:
            return self._graph.add(x, y, f"{_PREFIX}{name}/Add")
        return y

    def conv_relu6(self, x: Signal, name: str, *shape: int, **options) -> Signal:
        """shape: filters, kernel and, where it isn't 1, stride."""
        x = self._conv(x, name, *shape, **options)
        low = self._graph.constant("zero", 0, "float32")
        high = self._graph.constant("six", 6, "float32")
        clipped = self._graph.node("Clip", [x.name, low, high], f"{_PREFIX}{name}/Relu6")
        return x.through(statistics.relu6, clipped)

    def classify(self, x: Signal) -> None:
        graph, head, window = self._graph, f"{_PREFIX}head", [self._size, self._size]
        y = graph.node(
            "AveragePool", [x.name], f"{head}/AvgPool:0", kernel_shape=window, strides=[1, 1]
        )
        y = graph.node("Squeeze", [y], axes=[2, 3])
        kernel = graph.weight(
            f"{head}/dense/kernel", (1280, 1000), 0.14, centred=True, transposed=True
        )
        y = graph.node("MatMul", [y, kernel])
        y = graph.node("Add", [y, graph.weight(f"{head}/dense/bias", (1000,), 0.05)])
        graph.node("Softmax", [y], "Softmax:0", axis=1)
        graph.output("Softmax:0", FLOAT, [1, 1000])

    def _conv(
        self, x: Signal, name: str, filters: int, kernel: int, stride: int = 1, **options
    ) -> Signal:
        size_after = math.ceil(self._size / stride)
        padding = max((size_after - 1) * stride + kernel - self._size, 0)
        before, after = padding // 2, padding - padding // 2
        self._size = size_after
        return self._graph.conv(
            x,
            filters,
            kernel,
            stride,
            name=f"{_PREFIX}{name}/Conv2D",
            weight_name=f"{_PREFIX}{name}/weights_fused_bn",
            bias_name=f"{_PREFIX}{name}/bias_fused_bn",
            pads=[before, before, after, after],
            **options,
        )
