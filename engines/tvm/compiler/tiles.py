"""How large a piece of the output stays in registers while its sums are built.

A tile is `rows` output pixels by `channels` output channels. Each step of the sum loads
channels / lanes vectors of weights and one number a row, and does rows * channels / lanes
multiply-adds; so many accumulators as fit, and as square as possible, is the least loading for the
most arithmetic.
"""

from dataclasses import dataclass

from .convolution import Convolution
from .vector_unit import VectorUnit

_MOST_VECTORS = 4  # of a tile's channels
_MOST_ROWS = 14
# Registers that are not accumulators: weights and the broadcast number.
_WORKING_REGISTERS = 4


@dataclass(frozen=True)
class Tile:
    rows: int  # divides the output's width, or its pixels where they may be taken as one row
    channels: int  # divides the (padded) output channels of a group


def divisors(number: int) -> list[int]:
    return [divisor for divisor in range(1, number + 1) if number % divisor == 0]


def padded_channels(shape: Convolution, unit: VectorUnit) -> int:
    """The output channels rounded up to whole vectors, where that can be done."""
    if shape.groups != 1:
        return shape.out_channels
    whole = shape.out_channels
    if whole < unit.lanes:
        return 1 << (whole - 1).bit_length()
    half = unit.lanes // 2  # half vectors still pay off: 24 channels are three of eight
    return -(-whole // half) * half


def convolution_tile(pixels: int, channels: int, unit: VectorUnit) -> Tile:
    """For `pixels` in a row and `channels` of a group's output."""
    accumulators = unit.registers - _WORKING_REGISTERS
    candidates = [
        Tile(rows, width)
        for width in _channel_blocks(channels, unit)
        for rows in divisors(pixels)
        if rows <= _MOST_ROWS and rows * _vectors(width, unit) <= accumulators
    ]
    return max(candidates, key=lambda tile: _merit(tile, unit))


def depthwise_tile(pixels: int, channels: int, unit: VectorUnit) -> Tile:
    """A depthwise sum has no number to broadcast: every operand is a vector."""
    width = _channel_blocks(channels, unit)[0]
    most_rows = max(1, (unit.registers - _WORKING_REGISTERS) // 2 // _vectors(width, unit))
    return Tile(max(rows for rows in divisors(pixels) if rows <= most_rows), width)


def _channel_blocks(channels: int, unit: VectorUnit) -> list[int]:
    """Powers of two that divide the channels, widest first. Other widths make LLVM spill."""
    widths = [unit.lanes * _MOST_VECTORS >> shift for shift in range(16)]
    return [width for width in widths if width > 0 and channels % width == 0]


def _vectors(width: int, unit: VectorUnit) -> int:
    return max(1, width // unit.lanes)


def _merit(tile: Tile, unit: VectorUnit) -> tuple[bool, float]:
    """Multiply-adds for each load; whole vectors always before parts of one."""
    loads = tile.rows + max(1.0, tile.channels / unit.lanes)
    return tile.channels >= unit.lanes, tile.rows * tile.channels / loads
