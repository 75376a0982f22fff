"""YOLOv4 as tf2onnx exported it: NHWC input, Mish as x * tanh(log(exp(x) + 1)), top-left padding
before strided convolutions, Resize to sizes read from the graph, and head shapes computed at run
time."""

import dataclasses

import signal_statistics as statistics
from convnet_builder import FLOAT, Bias, ConvNetBuilder, Signal
from graph_builder import INT32, INT64

_PREFIX = "StatefulPartitionedCall/model/"
_CLASSES = 80
_ANCHORS = 3
# channels of the branches, of a residual's first convolution, number of residuals, output channels
_BACKBONE = [
    (64, 32, 1, 64),
    (64, 64, 2, 128),
    (128, 128, 8, 256),
    (256, 256, 8, 512),
    (512, 512, 4, 1024),
]


def build(name: str) -> ConvNetBuilder:
    graph = ConvNetBuilder(
        name,
        opset=11,
        ir_version=6,
        producer="tf2onnx-replica",
        source="Bochkovskiy et al., YOLOv4: Optimal Speed and Accuracy of Object Detection"
        " (arXiv 2004.10934), in the form of its TensorFlow 2 port",
    )
    image = graph.input("input_1:0", FLOAT, ["unk__2104", 416, 416, 3])
    # Between a picture in [0, 1] and normal noise: Exp in Mish must stay small for both.
    x = Signal(graph.node("Transpose", [image], perm=[0, 3, 1, 2]), 3, mean=0.5, variance=0.3)
    network = _Layers(graph)
    small, medium, large = _backbone(network, x)
    large = _spatial_pyramid(network, large)

    upsampled = _upsample(graph, network.leaky(large, 256, 1), 26)
    medium = network.five(graph.concat([network.leaky(medium, 256, 1), upsampled]), 256)
    upsampled = _upsample(graph, network.leaky(medium, 128, 1), 52)
    small = network.five(graph.concat([network.leaky(small, 128, 1), upsampled]), 128)
    _head(network, network.leaky(small, 256, 3), 52, "Identity:0")
    medium = network.five(graph.concat([network.leaky_down(small, 256), medium]), 256)
    _head(network, network.leaky(medium, 512, 3), 26, "Identity_1:0")
    large = network.five(graph.concat([network.leaky_down(medium, 512), large]), 512)
    _head(network, network.leaky(large, 1024, 3), 13, "Identity_2:0")
    return graph


class _Layers:
    """The network's layers, numbering its convolutions as TensorFlow does."""

    def __init__(self, graph: ConvNetBuilder):
        self.graph = graph
        self._convolutions = 0

    def next_conv(self) -> int:
        self._convolutions += 1
        return self._convolutions - 1

    def mish(
        self, x: Signal, filters: int, kernel: int, down: bool = False, variance: float = 1.0
    ) -> Signal:
        x, index = self._conv(x, filters, kernel, down, variance)
        graph, name = self.graph, f"{_PREFIX}Mish_{index}"
        ones = graph.constant("Reshape__1345:0", [[[[1.0]]]], "float32")
        if index == 0:
            shape = graph.constant("new_shape__2067", [1, 1, 1, 1])
            graph.node("Reshape", [ones, shape], "Transpose__1378:0")
        grown = graph.node("Exp", [x.name], f"{name}/Exp")
        grown = graph.node("Log", [graph.node("Add", ["Transpose__1378:0", grown])])
        product = graph.node("Mul", [x.name, graph.node("Tanh", [grown])], name)
        return x.through(statistics.mish, product)

    def leaky(self, x: Signal, filters: int, kernel: int, down: bool = False) -> Signal:
        x, index = self._conv(x, filters, kernel, down, variance=1.0)
        name = f"{_PREFIX}LeakyRelu_{index}"
        return x.through(
            statistics.leaky_relu, self.graph.node("LeakyRelu", [x.name], name, alpha=0.1)
        )

    def leaky_down(self, x: Signal, filters: int) -> Signal:
        return self.leaky(x, filters, 3, down=True)

    def five(self, x: Signal, filters: int) -> Signal:
        for count, kernel in ((1, 1), (2, 3), (1, 1), (2, 3), (1, 1)):
            x = self.leaky(x, count * filters, kernel)
        return x

    def _conv(
        self, x: Signal, filters: int, kernel: int, down: bool, variance: float
    ) -> tuple[Signal, int]:
        index = self.next_conv()
        convolved = self.graph.conv(
            x,
            filters,
            kernel,
            stride=2 if down else 1,
            name=f"{_PREFIX}batch_normalization_{index}/FusedBatchNormV3:0",
            weight_name=f"{_PREFIX}conv2d_{index}/Conv2D_weights_fused_bn",
            bias_name=f"{_PREFIX}conv2d_{index}/Conv2D_bias_fused_bn",
            pads=[1, 1, 0, 0] if down else None,
            variance=variance,
        )
        return convolved, index


def _backbone(network: _Layers, x: Signal) -> list[Signal]:
    """CSPDarknet53; gives the features of the last three of its five stages."""
    x = network.mish(x, 32, 3)
    features = []
    for half, narrow, residuals, channels in _BACKBONE:
        x = network.mish(x, channels, 3, down=True)
        route, y = network.mish(x, half, 1), network.mish(x, half, 1)
        for _ in range(residuals):
            residual = network.mish(network.mish(y, narrow, 1), half, 3, variance=0.3)
            y = network.graph.add(y, residual)
        x = network.mish(network.graph.concat([network.mish(y, half, 1), route]), channels, 1)
        features.append(x)
    return features[2:]


def _spatial_pyramid(network: _Layers, x: Signal) -> Signal:
    for filters, kernel in ((512, 1), (1024, 3), (512, 1)):
        x = network.leaky(x, filters, kernel)
    pooled = [network.graph.max_pool(x, k, 1, mean=1.5, variance=0.5) for k in (13, 9, 5)]
    x = network.graph.concat([*pooled, x])
    for filters, kernel in ((512, 1), (1024, 3), (512, 1)):
        x = network.leaky(x, filters, kernel)
    return x


def _upsample(graph: ConvNetBuilder, x: Signal, size: int) -> Signal:
    """Nearest neighbours to size x size; batch and channels come from the graph."""
    empty = graph.constant("const_empty_float__689", [], "float32")
    start, end = graph.constant("const_slice__931", [0]), graph.constant("const_slice__930", [2])
    leading = graph.node("Slice", [graph.node("Shape", [x.name]), start, end])
    trailing = graph.constant(f"const_fold_{size}", [size, size])
    sizes = graph.node("Concat", [leading, trailing], axis=0)
    resized = graph.node(
        "Resize",
        [x.name, empty, empty, sizes],
        mode="nearest",
        nearest_mode="floor",
        coordinate_transformation_mode="half_pixel",
    )
    return dataclasses.replace(x, name=resized)


def _head(network: _Layers, x: Signal, size: int, output: str) -> None:
    """[batch, size, size, anchors, 5 + classes]; Sigmoid on all but the boxes."""
    graph, index = network.graph, network.next_conv()
    bias = Bias(0.1, mean=(0.0,) * 4 + (-2.0,) * (1 + _CLASSES))
    bias = dataclasses.replace(bias, mean=bias.mean * _ANCHORS)
    name = f"{_PREFIX}conv2d_{index}/BiasAdd"
    x = graph.conv(
        x,
        _ANCHORS * (5 + _CLASSES),
        1,
        name=f"{name}:0",
        weight_name=f"{name}.weight",
        bias_name=f"{name}.bias",
        bias=bias,
        variance=1.5,
    )
    y = graph.node("Transpose", [x.name], perm=[0, 2, 3, 1])
    y = graph.node("Reshape", [y, _head_shape(graph, x.name)])
    parts = [graph.next_name("Split") + f":{part}" for part in range(3)]
    box, objectness, classes = graph.node_with_outputs(
        "Split", [y], parts, axis=-1, split=[4, 1, _CLASSES]
    )
    confident = [graph.node("Sigmoid", [objectness]), graph.node("Sigmoid", [classes])]
    graph.node("Concat", [box, *confident], output, axis=4)
    shape = [f"batch_{size}", f"height_{size}", f"width_{size}", _ANCHORS, 5 + _CLASSES]
    graph.output(output, FLOAT, shape)


def _head_shape(graph: ConvNetBuilder, x: str) -> str:
    """[batch, height, height, anchors, 5 + classes], computed at run time."""
    order = graph.constant("Const__1878", [0, 2, 3, 1])
    zero = graph.constant("const_slice__931", [0])
    one, two = graph.constant("const_slice__929", [1]), graph.constant("const_slice__930", [2])
    shape = graph.node("Gather", [graph.node("Shape", [x]), order], axis=0)
    shape = graph.node("Cast", [shape], to=INT32)
    batch = graph.node("Slice", [shape, zero, one, zero])
    height = graph.node("Slice", [shape, one, two, zero])
    anchors = graph.constant("anchors", [_ANCHORS], "int32")
    values = graph.constant("values_per_anchor", [5 + _CLASSES], "int32")
    shape = graph.node("Concat", [batch, height, height, anchors, values], axis=0)
    return graph.node("Cast", [shape], to=INT64)
