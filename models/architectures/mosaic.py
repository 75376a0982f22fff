"""Fast neural style ("mosaic") as PyTorch 1.1 exported it: reflection Pad, InstanceNormalization,
and Upsample-9 whose scales are computed from the input's shape at run time."""

import dataclasses

from convnet_builder import FLOAT, Bias, ConvNetBuilder, Signal


def build(name: str) -> ConvNetBuilder:
    graph = ConvNetBuilder(
        name,
        opset=9,
        ir_version=4,
        producer="pytorch-replica",
        source="Johnson et al., Perceptual Losses for Real-Time Style Transfer and Super-Resolution"
        " (arXiv 1603.08155), with instance normalisation, in the form of PyTorch's examples",
    )
    x = graph.image("input1", [1, 3, 224, 224], mean=128.0, variance=4000.0)
    x = _conv_norm_relu(graph, x, 32, 9, 1, "conv1", "in1")
    x = _conv_norm_relu(graph, x, 64, 3, 2, "conv2", "in2")
    x = _conv_norm_relu(graph, x, 128, 3, 2, "conv3", "in3")
    for block in range(1, 6):
        y = _conv_norm_relu(graph, x, 128, 3, 1, f"res{block}.conv1", f"res{block}.in1")
        y = _padded_conv(graph, y, 128, 3, 1, f"res{block}.conv2")
        x = graph.add(_instance_norm(graph, y, f"res{block}.in2", scale=0.6), x)
    x = _conv_norm_relu(graph, _double_size(graph, x), 64, 3, 1, "deconv1", "in4")
    x = _conv_norm_relu(graph, _double_size(graph, x), 32, 3, 1, "deconv2", "in5")
    _padded_conv(
        graph, x, 3, 9, 1, "deconv3", output="output1", variance=2500.0, bias=Bias(5.0, mean=120.0)
    )
    graph.output("output1", FLOAT, [1, 3, 224, 224])
    return graph


def _conv_norm_relu(
    graph: ConvNetBuilder, x: Signal, filters: int, kernel: int, stride: int, conv: str, norm: str
) -> Signal:
    x = _padded_conv(graph, x, filters, kernel, stride, conv)
    return graph.relu(_instance_norm(graph, x, norm))


def _padded_conv(
    graph: ConvNetBuilder,
    x: Signal,
    filters: int,
    kernel: int,
    stride: int,
    name: str,
    output: str | None = None,
    **options,
) -> Signal:
    border = kernel // 2
    pads = [0, 0, border, border, 0, 0, border, border]
    return graph.conv(
        graph.layer("Pad", x, mode="reflect", pads=pads),
        filters,
        kernel,
        stride,
        name=output,
        weight_name=f"{name}.conv2d.weight",
        bias_name=f"{name}.conv2d.bias",
        pads=[0, 0, 0, 0],
        **options,
    )


def _instance_norm(graph: ConvNetBuilder, x: Signal, name: str, scale: float = 1.0) -> Signal:
    weight = graph.weight(f"{name}.weight", (x.channels,), 0.1 * scale, mean=scale)
    bias = graph.weight(f"{name}.bias", (x.channels,), 0.1)
    y = graph.node("InstanceNormalization", [x.name, weight, bias], epsilon=1e-5)
    return Signal(y, x.channels, 0.0, scale * scale * 1.02)


def _double_size(graph: ConvNetBuilder, x: Signal) -> Signal:
    """interpolate(x, scale_factor=2), traced: scales = floor(size * 2) / size."""
    doubled = []
    for axis in (2, 3):
        size = graph.node(
            "Gather", [graph.node("Shape", [x.name]), graph.constant_node(axis)], axis=0
        )
        size = graph.node("Cast", [size], to=FLOAT)
        size = graph.node("Mul", [size, graph.constant_node(2.0, "float32")])
        size = graph.node("Floor", [graph.node("Cast", [size], to=FLOAT)])
        doubled.append(graph.node("Unsqueeze", [size], axes=[0]))
    doubled = graph.node("Cast", [graph.node("Concat", doubled, axis=0)], to=FLOAT)
    sizes = graph.node("Slice", [graph.node("Shape", [x.name])], axes=[0], starts=[2], ends=[4])
    sizes = graph.node("Cast", [sizes], to=FLOAT)
    ones = graph.constant_node([1.0, 1.0], "float32")
    scales = graph.node("Concat", [ones, graph.node("Div", [doubled, sizes])], axis=0)
    return dataclasses.replace(x, name=graph.node("Upsample", [x.name, scales], mode="nearest"))
