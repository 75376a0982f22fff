"""Predicts the mean and variance of activations, from which the scale of the next weights is
chosen.

Without it a deep network of random weights grows to infinity or fades to denormal numbers, and both
change its speed.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

_SAMPLES = [-6 + 12 * (i + 0.5) / 600 for i in range(600)]
_DENSITIES = [math.exp(-x * x / 2) for x in _SAMPLES]
_TOTAL_DENSITY = sum(_DENSITIES)


@dataclass(frozen=True)
class Signal:
    """An activation tensor: its name, its channels and the statistics expected of its elements."""

    name: str
    channels: int
    mean: float
    variance: float

    def through(self, function: Callable[[float], float], name: str) -> "Signal":
        """The signal after an elementwise function, taking its elements as normally distributed."""
        deviation = math.sqrt(self.variance)
        values = [function(self.mean + deviation * x) for x in _SAMPLES]
        mean = _expectation(values)
        variance = _expectation([(value - mean) ** 2 for value in values])
        return Signal(name, self.channels, mean, variance)


def sum_of(a: Signal, b: Signal, name: str) -> Signal:
    """Elementwise sum of two independent signals."""
    return Signal(name, a.channels, a.mean + b.mean, a.variance + b.variance)


def concatenation_of(parts: list[Signal], name: str) -> Signal:
    """Signals joined along the channels."""
    channels = sum(part.channels for part in parts)
    mean = sum(part.channels * part.mean for part in parts) / channels
    variance = sum(p.channels * (p.variance + (p.mean - mean) ** 2) for p in parts) / channels
    return Signal(name, channels, mean, variance)


def relu(x: float) -> float:
    return max(x, 0.0)


def relu6(x: float) -> float:
    return min(max(x, 0.0), 6.0)


def leaky_relu(x: float) -> float:
    return x if x > 0 else 0.1 * x


def mish(x: float) -> float:
    return x * math.tanh(math.log1p(math.exp(x)))


def _expectation(values: list[float]) -> float:
    return sum(v * density for v, density in zip(values, _DENSITIES)) / _TOTAL_DENSITY
