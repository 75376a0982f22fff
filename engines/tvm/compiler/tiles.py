"""How large a piece of the output stays in registers while its sums are built.

A tile is `rows` output pixels by `channels` output channels. Each step of the sum loads
channels / lanes vectors of weights and one number a row, and does rows * channels / lanes
multiply-adds; so many accumulators as fit, and as square as possible, is the least loading for the
most arithmetic. The last tile of channels may reach beyond them: what it computes there is not
stored.
"""

from dataclasses import dataclass

from .convolution import Convolution
from .vector_unit import VectorUnit

_MOST_VECTORS = 4  # of a tile's channels
_MAX_ROWS = 28
# Registers that are not accumulators: weights and the broadcast number.
_WORKING_REGISTERS = 4
_FEWEST_WORKING_REGISTERS = 2


@dataclass(frozen=True)
class Tile:
    rows: int  # divides the output's width
    channels: int  # a power of two: other widths make LLVM spill

    def covered(self, channels: int) -> int:
        """The channels rounded up to whole tiles."""
        return -(-channels // self.channels) * self.channels


def convolution_tile(pixels: int, channels: int, unit: VectorUnit) -> Tile:
    """For `pixels` in a row and `channels` to be computed from the same inputs."""
    accumulators = unit.registers - _WORKING_REGISTERS
    candidates = [
        Tile(rows, width)
        for width in _widths(unit)
        for rows in divisors(pixels)
        if rows <= _MAX_ROWS and rows * _vectors(width, unit) <= accumulators
    ]
    return max(candidates, key=lambda tile: _merit(tile, channels, unit))


def grouped_tile(pixels: int, channels: int, unit: VectorUnit) -> Tile:
    """For a group's `channels`, beyond which no tile may reach: others have other inputs."""
    accumulators = unit.registers - _WORKING_REGISTERS
    width = next(width for width in _widths(unit) if channels % width == 0)
    max_rows = accumulators // _vectors(width, unit)
    return Tile(max(rows for rows in divisors(pixels) if rows <= max_rows), width)


def depthwise_tile(pixels: int, channels: int, unit: VectorUnit) -> Tile:
    """A depthwise sum has no number to broadcast: every operand is a vector."""
    accumulators = (unit.registers - _WORKING_REGISTERS) // 2
    widths = [width for width in _widths(unit) if width <= max(channels, unit.lanes)]
    width = max(widths, key=lambda width: (channels / Tile(1, width).covered(channels), width))
    max_rows = max(1, accumulators // _vectors(width, unit))
    return Tile(max(rows for rows in divisors(pixels) if rows <= max_rows), width)


def other_tiles(usual: Tile, shape: Convolution, unit: VectorUnit) -> list[Tile]:
    """Those that a tuner may try, the most promising first: some use registers that the usual one
    leaves to the compiler, some fewer."""
    max_sums = unit.registers - _FEWEST_WORKING_REGISTERS
    channels = shape.group_outputs if not shape.is_depthwise else shape.out_channels
    tiles = [
        Tile(rows, width)
        for width in _widths(unit)
        for rows in divisors(shape.out_width)
        if rows <= _MAX_ROWS and rows * _vectors(width, unit) <= max_sums
        if width <= max(usual.channels, unit.lanes) * 2
        if shape.groups == 1 or shape.is_depthwise or channels % width == 0
    ]
    tiles.sort(key=lambda tile: _merit(tile, channels, unit), reverse=True)
    return [tile for tile in tiles if tile != usual]


def divisors(number: int) -> list[int]:
    return [divisor for divisor in range(1, number + 1) if number % divisor == 0]


def _widths(unit: VectorUnit) -> list[int]:
    """Powers of two, widest first."""
    return [1 << shift for shift in reversed(range((unit.lanes * _MOST_VECTORS).bit_length()))]


def _vectors(width: int, unit: VectorUnit) -> int:
    return max(1, width // unit.lanes)


def _merit(tile: Tile, channels: int, unit: VectorUnit) -> tuple[bool, float]:
    """Useful multiply-adds for each load; whole vectors always before parts of one."""
    loads = tile.rows + max(1.0, tile.channels / unit.lanes)
    useful = channels / tile.covered(channels)
    return tile.channels >= unit.lanes, useful * tile.rows * tile.channels / loads
