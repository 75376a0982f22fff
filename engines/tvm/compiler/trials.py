"""Measures a kernel by one plan beside the usual one, in turns, so that what else the machine does
meets both."""

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tvm

from .convolution import Convolution, Epilogue
from .kernels import Kernel, packed_shape

# In a model, a kernel's weights were last read an inference ago. Copies in turns, of so many bytes
# at most, keep them from lying in the innermost cache here.
_BYTES_OF_COPIES = 32 << 20
_MOST_COPIES = 8
_MIN_TURN_S = 2e-4  # what a turn takes at least; several calls where one is shorter


@dataclass(frozen=True)
class KernelUse:
    """A kernel of a model, and how many times it is called."""

    shape: Convolution
    epilogue: Epilogue
    calls: int


class Bench:
    """Of one kernel: its operands, filled with numbers of no meaning."""

    def __init__(self, use: KernelUse, target: tvm.target.Target):
        self.use = use
        self.target = target
        self.generator = np.random.default_rng(0)
        shape = use.shape
        self.image = self._tensor(shape.in_shape)
        self.bias = self._tensor((shape.out_channels,))
        self.residual = [self._tensor(shape.out_shape)] if use.epilogue.has_residual else []
        self.output = self._tensor(shape.out_shape)
        self.weights: dict[int, list[tvm.runtime.Tensor]] = {}  # by the channels of a block

    def prepare(self, kernel: Kernel) -> Callable[[], float]:
        """Compiles it. What is returned calls it for a turn and gives seconds a call."""
        function = kernel.function.with_attr("global_symbol", "kernel")
        library = tvm.compile(tvm.IRModule({"kernel": function}), target=self.target)
        call, weights = library["kernel"], self._weights(kernel.channels)
        operands = [(self.image, copy, self.bias, *self.residual, self.output) for copy in weights]

        def turn(calls: int) -> float:
            start = time.perf_counter()
            for i in range(calls):
                call(*operands[i % len(operands)])
            return (time.perf_counter() - start) / calls

        calls = max(len(operands), math.ceil(_MIN_TURN_S / turn(1)))
        return lambda: turn(calls)

    def _weights(self, channels: int) -> list[tvm.runtime.Tensor]:
        if channels not in self.weights:
            shape = packed_shape(self.use.shape, channels)
            copies = min(_MOST_COPIES, max(1, _BYTES_OF_COPIES // (4 * math.prod(shape))))
            self.weights[channels] = [self._tensor(shape) for _ in range(copies)]
        return self.weights[channels]

    def _tensor(self, shape: tuple[int, ...]) -> tvm.runtime.Tensor:
        return tvm.runtime.tensor(self.generator.standard_normal(shape, np.float32))


def in_turns(
    usual: Callable[[], float], other: Callable[[], float], rounds: int, limit_s: float
) -> list[tuple[float, float]]:
    """Seconds of both in each round: fewer rounds where they take longer than the limit."""
    end = time.monotonic() + limit_s
    seconds: list[tuple[float, float]] = []
    while len(seconds) < rounds and (time.monotonic() < end or not seconds):
        seconds.append((usual(), other()))
    return seconds


def ratio_of(seconds: list[tuple[float, float]]) -> float:
    """The other's time as a multiple of the usual one's."""
    return statistics.median(other / usual for usual, other in seconds)


def is_faster(seconds: list[tuple[float, float]], gain: float) -> bool:
    """Whether the other is faster, by that share, beyond doubt: if both were alike, so many rounds
    would be on its side once in a thousand times."""
    won = sum(other < usual for usual, other in seconds)
    rounds = len(seconds)
    chance = sum(math.comb(rounds, k) for k in range(won, rounds + 1)) / 2**rounds
    return ratio_of(seconds) < 1 - gain and chance < 1e-3
