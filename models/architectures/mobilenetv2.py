"""MobileNetV2 as PyTorch exported it: batch norm folded, ReLU6 as Clip with attributes, run-time
shape arithmetic."""

import signal_statistics as statistics
from convnet_builder import FLOAT, ConvNetBuilder, Signal

# expansion, channels, blocks, stride of the first block
_STAGES = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
]


def build(name: str) -> ConvNetBuilder:
    graph = ConvNetBuilder(
        name,
        opset=10,
        ir_version=4,
        producer="pytorch-replica",
        source="Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks"
        " (arXiv 1801.04381), in torchvision's form",
    )
    x = graph.image("input", ["batch_size", 3, 224, 224], mean=0.0, variance=1.0)
    x = _relu6(graph, graph.conv(x, 32, 3, 2))
    for expansion, channels, blocks, stride in _STAGES:
        for block in range(blocks):
            x = _inverted_residual(graph, x, expansion, channels, stride if block == 0 else 1)
    x = _relu6(graph, graph.conv(x, 1280, 1))
    features = _flatten(graph, graph.layer("GlobalAveragePool", x, "464").name)
    weight = graph.weight("classifier.1.weight", (1000, 1280), 0.12, centred=True)
    bias = graph.weight("classifier.1.bias", (1000,), 0.05)
    graph.node("Gemm", [features, weight, bias], "output", transB=1, alpha=1.0, beta=1.0)
    graph.output("output", FLOAT, ["batch_size", 1000])
    return graph


def _inverted_residual(
    graph: ConvNetBuilder, x: Signal, expansion: int, channels: int, stride: int
) -> Signal:
    wide = x.channels * expansion
    y = x if expansion == 1 else _relu6(graph, graph.conv(x, wide, 1))
    y = _relu6(graph, graph.conv(y, wide, 3, stride, groups=wide))
    y = graph.conv(y, channels, 1, variance=0.7)
    return graph.add(x, y) if stride == 1 and x.channels == channels else y


def _relu6(graph: ConvNetBuilder, x: Signal) -> Signal:
    return x.through(statistics.relu6, graph.node("Clip", [x.name], min=0.0, max=6.0))


def _flatten(graph: ConvNetBuilder, x: str) -> str:
    """x.reshape(x.shape[0], -1), traced."""
    shape = graph.node("Shape", [x])
    batch = graph.node("Gather", [shape, graph.constant_node(0)], axis=0)
    batch = graph.node("Unsqueeze", [batch], axes=[0])
    rest = graph.constant("467", [-1])
    return graph.node("Reshape", [x, graph.node("Concat", [batch, rest], axis=0)])
