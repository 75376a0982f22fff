"""ResNet-50 v1 as MXNet Gluon exported it: stride on the first 1x1 of a block, biases on the body's
1x1 convolutions, initializers listed as inputs."""

from convnet_builder import FLOAT, Bias, ConvNetBuilder, Signal

_PREFIX = "resnetv17_"
_STAGES = [(3, 256, 1), (4, 512, 2), (6, 1024, 2), (3, 2048, 2)]  # blocks, channels, stride


def build(name: str) -> ConvNetBuilder:
    graph = ConvNetBuilder(
        name,
        opset=7,
        ir_version=3,
        producer="mxnet-gluon-replica",
        source="He et al., Deep Residual Learning for Image Recognition (arXiv 1512.03385),"
        " in the variant ResNet50_v1 of MXNet GluonCV",
        initializers_are_inputs=True,
    )
    x = graph.image("data", ["N", 3, 224, 224], mean=0.0, variance=1.0)
    x = graph.relu(_conv_bn(graph, x, 64, 7, 2, "", 0), f"{_PREFIX}relu0_fwd")
    x = graph.max_pool(x, 3, 2, mean=1.1, variance=0.6)
    for stage, (blocks, channels, stride) in enumerate(_STAGES, 1):
        for block in range(blocks):
            x = _bottleneck(graph, x, channels, stride if block == 0 else 1, stage, block)
    x = graph.layer("GlobalAveragePool", x, f"{_PREFIX}pool1_fwd")
    x = graph.layer("Flatten", x, "flatten_473")
    weight = graph.weight(f"{_PREFIX}dense0_weight", (1000, 2048), 0.15, centred=True)
    bias = graph.weight(f"{_PREFIX}dense0_bias", (1000,), 0.05)
    output = graph.node(
        "Gemm", [x.name, weight, bias], f"{_PREFIX}dense0_fwd", transB=1, alpha=1.0, beta=1.0
    )
    graph.output(output, FLOAT, ["N", 1000])
    return graph


def _bottleneck(
    graph: ConvNetBuilder, x: Signal, channels: int, stride: int, stage: int, block: int
) -> Signal:
    prefix = f"stage{stage}_"
    first = 0 if block == 0 else 3 * block + 1  # the first block has a fourth convolution

    def rectified(signal: Signal, unit: int) -> Signal:
        return graph.relu(signal, f"{_PREFIX}{prefix}relu{unit}_fwd")

    narrow = channels // 4
    y = rectified(_conv_bn(graph, x, narrow, 1, stride, prefix, first, Bias(0.05)), first)
    y = rectified(_conv_bn(graph, y, narrow, 3, 1, prefix, first + 1), first + 1)
    y = _conv_bn(graph, y, channels, 1, 1, prefix, first + 2, Bias(0.05), gamma=0.5)
    if block == 0:
        x = _conv_bn(graph, x, channels, 1, stride, prefix, first + 3, gamma=0.9)
    return graph.relu(
        graph.add(x, y, f"{_PREFIX}{prefix}_plus{block}"), f"{_PREFIX}{prefix}activation{block}"
    )


def _conv_bn(
    graph: ConvNetBuilder,
    x: Signal,
    filters: int,
    kernel: int,
    stride: int,
    prefix: str,
    unit: int,
    bias: Bias | None = None,
    gamma: float = 1.0,
) -> Signal:
    conv = f"{_PREFIX}{prefix}conv{unit}"
    norm = f"{_PREFIX}{prefix}batchnorm{unit}"
    x = graph.conv(
        x,
        filters,
        kernel,
        stride,
        name=f"{conv}_fwd",
        weight_name=f"{conv}_weight",
        bias_name=f"{conv}_bias",
        bias=bias,
    )
    parameters = [f"{norm}_{part}" for part in ("gamma", "beta", "running_mean", "running_var")]
    return graph.batch_norm(x, parameters, f"{norm}_fwd", gamma)
