"""ShuffleNet v2 x1.0 as PyTorch exported it: batch norm not folded, chunk as Split, the channel
shuffle as Reshape, Transpose, Reshape with fixed shapes."""

import dataclasses

from convnet_builder import FLOAT, ConvNetBuilder, Signal

_STAGES = [(4, 116), (8, 232), (4, 464)]  # units, channels; each stage halves the picture


def build(name: str) -> ConvNetBuilder:
    graph = ConvNetBuilder(
        name,
        opset=10,
        ir_version=4,
        producer="pytorch-replica",
        source="Ma et al., ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture"
        " Design (arXiv 1807.11164), width 1.0 in torchvision's form",
    )
    x = graph.image("input", [1, 3, 224, 224], mean=0.0, variance=1.0)
    x = graph.relu(_conv_bn(graph, x, 24, 3, "conv1.0", "conv1.1", stride=2))
    x = graph.max_pool(x, 3, 2, mean=1.1, variance=0.6)
    size = 56
    for stage, (units, channels) in enumerate(_STAGES, 2):
        size //= 2
        for unit in range(units):
            x = _unit(graph, x, channels, f"stage{stage}.{unit}", halve=unit == 0)
            x = _shuffle(graph, x, size)
    x = graph.relu(_conv_bn(graph, x, 1024, 1, "conv5.0", "conv5.1"))
    features = graph.node("ReduceMean", [x.name], "611", axes=[2, 3], keepdims=0)
    weight = graph.weight("fc.weight", (1000, 1024), 0.2, centred=True)
    bias = graph.weight("fc.bias", (1000,), 0.05)
    graph.node("Gemm", [features, weight, bias], "output", transB=1, alpha=1.0, beta=1.0)
    graph.output("output", FLOAT, [1, 1000])
    return graph


def _unit(graph: ConvNetBuilder, x: Signal, channels: int, name: str, halve: bool) -> Signal:
    half = channels // 2
    if halve:
        kept, worked = _halving_branch(graph, x, half, f"{name}.branch1"), x
    else:
        outputs = [graph.next_name("Split") + end for end in (".kept", ".worked")]
        graph.node_with_outputs("Split", [x.name], outputs, axis=1, split=[half, half])
        kept, worked = (dataclasses.replace(x, name=output, channels=half) for output in outputs)
    branch = f"{name}.branch2"
    y = graph.relu(_conv_bn(graph, worked, half, 1, f"{branch}.0", f"{branch}.1"))
    stride = 2 if halve else 1
    y = _conv_bn(graph, y, half, 3, f"{branch}.3", f"{branch}.4", stride, groups=half)
    y = graph.relu(_conv_bn(graph, y, half, 1, f"{branch}.5", f"{branch}.6"))
    return graph.concat([kept, y])


def _halving_branch(graph: ConvNetBuilder, x: Signal, channels: int, name: str) -> Signal:
    y = _conv_bn(graph, x, x.channels, 3, f"{name}.0", f"{name}.1", stride=2, groups=x.channels)
    return graph.relu(_conv_bn(graph, y, channels, 1, f"{name}.2", f"{name}.3"))


def _shuffle(graph: ConvNetBuilder, x: Signal, size: int) -> Signal:
    """Interleaves the channels of the two branches."""
    grouped = graph.constant_node([1, 2, x.channels // 2, size, size])
    y = graph.node("Reshape", [x.name, grouped])
    y = graph.node("Transpose", [y], perm=[0, 2, 1, 3, 4])
    flat = graph.constant_node([1, -1, size, size])
    return dataclasses.replace(x, name=graph.node("Reshape", [y, flat]))


def _conv_bn(
    graph: ConvNetBuilder,
    x: Signal,
    filters: int,
    kernel: int,
    conv: str,
    norm: str,
    stride: int = 1,
    groups: int = 1,
) -> Signal:
    x = graph.conv(x, filters, kernel, stride, name=conv, groups=groups, bias=None)
    parameters = [f"{norm}.{part}" for part in ("weight", "bias", "running_mean", "running_var")]
    return graph.batch_norm(x, parameters, norm)
