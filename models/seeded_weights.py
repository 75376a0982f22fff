"""Tensors of a generated model: seeded weights and small constants.

A weight is a uniform random number made of the raw bits of the Philox counter-based generator,
whose stream numpy freezes by policy (unlike the stream of its normal distribution), keyed by the
SHA-256 of the tensor's name. Everything up to the scale is integer arithmetic and the scale has 12
significant bits, so neither BLAS nor libm nor SIMD nor the versions of numpy and onnx can change a
byte.
"""

import hashlib
import math
from dataclasses import dataclass

import numpy as np

_STEP_BITS = 23  # exactly representable in float32, also after centring
_HALF_RANGE = 1 << (_STEP_BITS - 1)
_SMALLEST_STEP = 64  # keeps products of weights and activations far from denormal numbers


def round_to_12_bits(value: float) -> float:
    """Rounds to 12 significant bits, which hides the last-bit differences between libm versions."""
    mantissa, exponent = math.frexp(value)
    return math.ldexp(round(mantissa * 4096) / 4096, exponent)


@dataclass(frozen=True)
class ConstantTensor:
    """A small tensor with given values: a shape, an axis, a scale."""

    name: str
    array: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> np.dtype:
        return self.array.dtype

    def values(self) -> np.ndarray:
        return np.ascontiguousarray(self.array)


@dataclass(frozen=True)
class SeededTensor:
    """A float32 weight, described; values() makes it, so that only one is in memory at a time.

    centred: every filter (slice along the first axis) sums to zero, so that a mean which all its
        inputs share vanishes.
    transposed: the filters lie along the last axis, as in the kernel of a MatMul.
    mean: one number, or one for each element of a vector.
    """

    model: str
    name: str
    shape: tuple[int, ...]
    std: float
    mean: float | tuple[float, ...] = 0.0
    centred: bool = False
    transposed: bool = False

    dtype = np.dtype(np.float32)

    def values(self) -> np.ndarray:
        shape = self.shape[::-1] if self.transposed else self.shape
        steps = self._steps().reshape(shape[0], -1)
        if self.centred:
            steps -= (steps.sum(axis=1, dtype=np.int64) // steps.shape[1]).astype(np.int32)[:, None]
        steps[(steps > -_SMALLEST_STEP) & (steps < _SMALLEST_STEP)] = _SMALLEST_STEP
        values = steps.reshape(shape).astype(np.float32)
        values *= np.float32(round_to_12_bits(self.std * math.sqrt(3.0) / _HALF_RANGE))
        if self.mean != 0.0:
            values += np.vectorize(round_to_12_bits)(self.mean).astype(np.float32)
        return np.ascontiguousarray(values.T) if self.transposed else values

    def _steps(self) -> np.ndarray:
        """Uniform int32 in [-2^22, 2^22)."""
        count = math.prod(self.shape)
        key = hashlib.sha256(f"{self.model}/{self.name}".encode()).digest()[:16]
        words = np.random.Philox(key=int.from_bytes(key, "little")).random_raw((count + 1) // 2)
        steps = words.astype("<u8", copy=False).view("<u4")[:count]
        steps >>= np.uint32(32 - _STEP_BITS)
        steps = steps.view("<i4")
        steps -= np.int32(_HALF_RANGE)
        return steps
