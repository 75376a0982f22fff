"""Tiles fit the registers and divide what they cover."""

import pytest

from . import vector_unit
from .tiles import convolution_tile, depthwise_tile, grouped_tile

UNITS = [vector_unit.AVX512, vector_unit.AVX2, vector_unit.NEON, vector_unit.SSE]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("pixels", [1, 7, 13, 14, 56, 112, 169, 224, 256])
@pytest.mark.parametrize("channels", [1, 3, 16, 24, 48, 64, 255, 256, 1000, 2048])
def test_a_tile_fits(unit, pixels, channels):
    for tile in (
        convolution_tile(pixels, channels, unit),
        depthwise_tile(pixels, channels, unit),
    ):
        assert pixels % tile.rows == 0
        assert 0 <= tile.covered(channels) - channels < max(tile.channels, unit.lanes)
        vectors = max(1, tile.channels // unit.lanes)
        assert tile.rows * vectors < unit.registers


def test_wide_channels_are_taken_as_whole_vectors():
    for unit in UNITS:
        assert convolution_tile(56, 256, unit).channels % unit.lanes == 0


def test_registers_are_used_well():
    """Half of the registers hold sums at least, where sizes don't stand in the way."""
    for unit in UNITS:
        tile = convolution_tile(56, 256, unit)
        assert tile.rows * tile.channels // unit.lanes >= unit.registers // 2


@pytest.mark.parametrize("channels", [1, 3, 4, 12, 16, 24, 58])
def test_a_tile_stays_within_its_group(channels):
    for unit in UNITS:
        assert channels % grouped_tile(14, channels, unit).channels == 0
