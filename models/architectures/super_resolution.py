"""The sub-pixel super-resolution network of PyTorch's export tutorial: pixel shuffle as Reshape,
Transpose, Reshape."""

from convnet_builder import FLOAT, Bias, ConvNetBuilder


def build(name: str) -> ConvNetBuilder:
    graph = ConvNetBuilder(
        name,
        opset=10,
        ir_version=4,
        producer="pytorch-replica",
        source="Shi et al., Real-Time Single Image and Video Super-Resolution Using an Efficient"
        " Sub-Pixel Convolutional Neural Network (arXiv 1609.05158), as in PyTorch's tutorial",
    )
    x = graph.image("input", ["batch_size", 1, 224, 224], mean=0.5, variance=0.08)
    x = graph.relu(graph.conv(x, 64, 5, name="conv1"))
    x = graph.relu(graph.conv(x, 64, 3, name="conv2"))
    x = graph.relu(graph.conv(x, 32, 3, name="conv3"))
    x = graph.conv(x, 9, 3, name="conv4", variance=0.03, bias=Bias(0.02, mean=0.5))
    y = graph.node("Reshape", [x.name, graph.constant_node([-1, 1, 3, 3, 224, 224])])
    y = graph.node("Transpose", [y], perm=[0, 1, 4, 2, 5, 3])
    graph.node("Reshape", [y, graph.constant_node([-1, 1, 672, 672])], "output")
    graph.output("output", FLOAT, ["batch_size", 1, 672, 672])
    return graph
