"""By which loops a kernel is computed: the usual plan, which needs no trial, and those that a tuner may
try instead.

The tiles of an output are numbered by four loops: n images, h rows, b blocks of channels, t tiles of
pixels in a row; an order says which of them are shared out over the threads and which stay inside.
Where g is among them, tiles of pixels are taken in groups of GROUP.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from .convolution import Convolution
from .tiles import Tile, convolution_tile, depthwise_tile, grouped_tile, other_tiles
from .vector_unit import VectorUnit

GROUP = 4
_MOST_TILES = 6
_UNROLLED_INPUTS = 4
_OTHER_UNROLLINGS = (1, 2, 8)


@dataclass(frozen=True)
class Order:
    shared: str  # the outer loops
    inner: str


IMAGES_BLOCKS_ROWS = Order("nbh", "t")
IMAGES_ROWS_BLOCKS = Order("nhb", "t")
EVERY_TILE = Order("nbht", "")
# In these, a tile's pixels meet all channels while they are in the cache.
_PIXELS_FIRST = [Order("nht", "b"), Order("nhg", "bt"), Order("nh", "tb"), Order("nh", "bt")]


@dataclass(frozen=True)
class Plan:
    tile: Tile
    order: Order
    unrolled_inputs: int  # of a sum's input channels; 1 where they can't be divided so


def usual_plan(shape: Convolution, unit: VectorUnit) -> Plan:
    return Plan(_usual_tile(shape, unit), _usual_order(shape), _unrolling(shape, _UNROLLED_INPUTS))


def _usual_tile(shape: Convolution, unit: VectorUnit) -> Tile:
    if shape.is_depthwise:
        return depthwise_tile(shape.out_width, shape.out_channels, unit)
    choose = convolution_tile if shape.groups == 1 else grouped_tile
    return choose(shape.out_width, shape.group_outputs, unit)


def _usual_order(shape: Convolution) -> Order:
    if (
        shape.is_depthwise
    ):  # blocks share nothing but the image's rows, which should stay in the cache
        return IMAGES_ROWS_BLOCKS
    # A matrix product has all its pixels in one row: the tiles are what there is to share out.
    return EVERY_TILE if shape.is_matrix_product else IMAGES_BLOCKS_ROWS


def _unrolling(shape: Convolution, inputs: int) -> int:
    return inputs if not shape.is_depthwise and shape.group_inputs % inputs == 0 else 1


def all_plans(shape: Convolution, unit: VectorUnit) -> list[Plan]:
    """The usual one first."""
    usual = usual_plan(shape, unit)
    tiles = [usual.tile, *other_tiles(usual.tile, shape, unit)[: _MOST_TILES - 1]]
    unrollings = [usual.unrolled_inputs, *(_unrolling(shape, n) for n in _OTHER_UNROLLINGS)]
    plans = [
        Plan(tile, order, inputs)
        for tile in tiles
        for order in _orders(shape, usual.order, tile)
        for inputs in unrollings
    ]
    return list(dict.fromkeys(plans))


def _orders(shape: Convolution, usual: Order, tile: Tile) -> Iterator[Order]:
    """Those that differ for this shape."""
    tiles, blocks = shape.out_width // tile.rows, tile.covered(shape.out_channels) // tile.channels
    sizes = {"n": shape.batch, "h": shape.out_height, "t": tiles, "b": blocks, "g": tiles // GROUP}
    seen = set()
    for order in (usual, IMAGES_BLOCKS_ROWS, IMAGES_ROWS_BLOCKS, EVERY_TILE, *_PIXELS_FIRST):
        if "g" in order.shared and (tiles % GROUP != 0 or tiles == GROUP):
            continue
        shared, inner = (
            "".join(loop for loop in loops if sizes[loop] > 1)
            for loops in (order.shared, order.inner)
        )
        if (shared, inner) not in seen and (shared or not inner):
            seen.add((shared, inner))
            yield order


def changes(a: Plan, b: Plan) -> int:
    """How many of its choices differ."""
    return (a.tile != b.tile) + (a.order != b.order) + (a.unrolled_inputs != b.unrolled_inputs)
