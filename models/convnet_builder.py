"""Layers of convolutional networks whose weights keep every activation in a healthy range."""

import dataclasses
import math
from dataclasses import dataclass

import signal_statistics as statistics
from graph_builder import FLOAT, GraphBuilder
from signal_statistics import Signal

# A filter with fewer inputs loses too much of its freedom by being centred.
_SMALLEST_CENTRED_FILTER = 16


@dataclass(frozen=True)
class Bias:
    """What the biases of a layer are drawn from; mean is one number or one for each channel."""

    std: float = 0.1
    mean: float | tuple[float, ...] = 0.0

    def average(self) -> float:
        return sum(self.mean) / len(self.mean) if isinstance(self.mean, tuple) else self.mean


class ConvNetBuilder(GraphBuilder):
    """A GraphBuilder whose layers take and give Signals."""

    def image(self, name: str, shape: list[int | str], mean: float, variance: float) -> Signal:
        """A picture as input, [N, channels, height, width]."""
        return Signal(self.input(name, FLOAT, shape), shape[1], mean, variance)

    def layer(self, operator: str, x: Signal, name: str | None = None, **attributes) -> Signal:
        """A node of one input that leaves channels and statistics as they are."""
        return dataclasses.replace(x, name=self.node(operator, [x.name], name, **attributes))

    def conv(
        self,
        x: Signal,
        filters: int,
        kernel: int,
        stride: int = 1,
        *,
        name: str | None = None,
        weight_name: str | None = None,
        bias_name: str | None = None,
        pads: list[int] | None = None,
        groups: int = 1,
        bias: Bias | None = Bias(),
        variance: float = 1.0,
    ) -> Signal:
        """A square convolution whose output has the given variance before its bias."""
        name = name or self.next_name("Conv")
        weight_name = weight_name or f"{name}.weight"
        bias_name = bias_name or f"{name}.bias"
        shape = (filters, x.channels // groups, kernel, kernel)
        inputs = [x.name, self._filters(weight_name, shape, x, variance)]
        if bias:
            inputs.append(self.weight(bias_name, (filters,), bias.std, mean=bias.mean))
        self.node(
            "Conv",
            inputs,
            name,
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[kernel // 2] * 4 if pads is None else pads,
            dilations=[1, 1],
            group=groups,
        )
        if bias:
            return Signal(name, filters, bias.average(), variance + bias.std**2)
        return Signal(name, filters, 0.0, variance)

    def _filters(self, name: str, shape: tuple[int, ...], x: Signal, variance: float) -> str:
        fan_in = math.prod(shape[1:])
        centred = shape[1] == x.channels and fan_in >= _SMALLEST_CENTRED_FILTER
        power = x.variance if centred else x.variance + x.mean**2
        return self.weight(name, shape, math.sqrt(variance / (fan_in * power)), centred=centred)

    def batch_norm(
        self, x: Signal, parameters: list[str], name: str | None = None, gamma: float = 1.0
    ) -> Signal:
        """parameters: the names of scale, shift, mean and variance."""
        scale, shift, mean, variance = parameters
        shape = (x.channels,)
        self.weight(scale, shape, 0.1 * gamma, mean=gamma)
        self.weight(shift, shape, 0.1 * gamma)
        self.weight(mean, shape, 0.1 * math.sqrt(x.variance), mean=x.mean)
        self.weight(variance, shape, 0.1 * x.variance, mean=x.variance)
        name = self.node(
            "BatchNormalization", [x.name, *parameters], name, epsilon=1e-5, momentum=0.9
        )
        return Signal(name, x.channels, 0.0, gamma * gamma * 1.05)

    def relu(self, x: Signal, name: str | None = None) -> Signal:
        return x.through(statistics.relu, self.node("Relu", [x.name], name))

    def add(self, a: Signal, b: Signal, name: str | None = None) -> Signal:
        return statistics.sum_of(a, b, self.node("Add", [a.name, b.name], name))

    def concat(self, parts: list[Signal], name: str | None = None) -> Signal:
        names = [part.name for part in parts]
        return statistics.concatenation_of(parts, self.node("Concat", names, name, axis=1))

    def max_pool(self, x: Signal, kernel: int, stride: int, mean: float, variance: float) -> Signal:
        """mean and variance: what the maximum over the window is expected to look like."""
        name = self.node(
            "MaxPool",
            [x.name],
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[kernel // 2] * 4,
        )
        return Signal(name, x.channels, mean, variance)
