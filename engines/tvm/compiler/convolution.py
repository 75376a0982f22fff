"""What a convolution computes, apart from how: shapes in, shapes out, what follows it.

A matrix product with constant weights is a convolution of a 1x1 kernel over an image of one row.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np


class Activation(Enum):
    NONE = "none"
    RELU = "relu"
    CLIP = "clip"


@dataclass(frozen=True)
class Epilogue:
    """What is done to each sum before it is stored: bias, residual, activation, in this order."""

    activation: Activation = Activation.NONE
    low: float = 0.0  # of CLIP
    high: float = 0.0
    has_residual: bool = False


@dataclass(frozen=True)
class Convolution:
    """Activations are NHWC, weights OIHW with `in_channels / groups` inputs."""

    batch: int
    height: int
    width: int
    in_channels: int
    out_channels: int
    kernel: tuple[int, int] = (1, 1)
    strides: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)  # top, left, bottom, right
    dilations: tuple[int, int] = (1, 1)
    groups: int = 1

    @property
    def out_height(self) -> int:
        return self._out_size(0, self.height + self.pads[0] + self.pads[2])

    @property
    def out_width(self) -> int:
        return self._out_size(1, self.width + self.pads[1] + self.pads[3])

    def _out_size(self, axis: int, padded: int) -> int:
        reach = (self.kernel[axis] - 1) * self.dilations[axis] + 1
        return (padded - reach) // self.strides[axis] + 1

    @property
    def in_shape(self) -> tuple[int, int, int, int]:
        return (self.batch, self.height, self.width, self.in_channels)

    @property
    def out_shape(self) -> tuple[int, int, int, int]:
        return (self.batch, self.out_height, self.out_width, self.out_channels)

    @property
    def group_inputs(self) -> int:
        return self.in_channels // self.groups

    @property
    def group_outputs(self) -> int:
        return self.out_channels // self.groups

    @property
    def is_depthwise(self) -> bool:
        return self.groups == self.in_channels == self.out_channels

    @property
    def is_padded(self) -> bool:
        return any(self.pads)

    @property
    def is_matrix_product(self) -> bool:
        """Whether every pixel is computed from the one at its own place."""
        plain = self.kernel == (1, 1) and self.strides == (1, 1) and not self.is_padded
        return plain and self.groups == 1

    def flattened(self) -> "Convolution":
        """The same, with all pixels in one row where that makes no difference."""
        if not self.is_matrix_product:
            return self
        pixels = self.batch * self.height * self.width
        return Convolution(1, 1, pixels, self.in_channels, self.out_channels)


def reference(
    shape: Convolution, image: np.ndarray, weights: np.ndarray, bias: np.ndarray
) -> np.ndarray:
    """The sums by definition, in float64, for tests."""
    top, left, bottom, right = shape.pads
    padded = np.pad(image.astype(np.float64), ((0, 0), (top, bottom), (left, right), (0, 0)))
    result = np.zeros(shape.out_shape)
    for o in range(shape.out_channels):
        first = o // shape.group_outputs * shape.group_inputs
        for h in range(shape.out_height):
            for w in range(shape.out_width):
                rows = h * shape.strides[0] + np.arange(shape.kernel[0]) * shape.dilations[0]
                columns = w * shape.strides[1] + np.arange(shape.kernel[1]) * shape.dilations[1]
                window = padded[:, rows][:, :, columns, first : first + shape.group_inputs]
                sums = np.einsum("nhwi,ihw->n", window, weights[o].astype(np.float64))
                result[:, h, w, o] = sums + bias[o]
    return result
