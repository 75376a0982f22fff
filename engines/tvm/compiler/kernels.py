"""Our schedule for convolutions and matrix products: one kernel, its sums in registers.

The loop over tiles (tiles.py) is outside and shared out over the threads; inside, for each tap and
input channel, a tile's accumulators are fed from one vector load of weights for each vector of
channels and one number for each pixel. Weights are packed beforehand, so that the innermost loops
read them in order: [block of channels][tap][input][channel in the block]. Bias, residual and
activation are applied while a tile is written out.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import tvm
from tvm import s_tir, te, tirx

from .convolution import Activation, Convolution, Epilogue
from .plans import GROUP, Plan, usual_plan
from .tiles import Tile
from .vector_unit import VectorUnit

_OPAQUE = 8  # relax.op's OpPatternKind: nothing may be fused into the kernel


@dataclass(frozen=True)
class Kernel:
    """A scheduled function of image, packed weights, bias, residual where there is one, and output.

    Image, residual and output are NHWC. It reads weights in blocks of so many `channels`.
    """

    function: tirx.PrimFunc
    channels: int


def pack_weights(weights: np.ndarray, shape: Convolution, channels: int) -> np.ndarray:
    """From OIHW to the order in which the kernel reads, zeros beyond the last channel."""
    outputs, inputs, height, width = weights.shape
    missing = -outputs % channels
    whole = np.pad(weights, ((0, missing), (0, 0), (0, 0), (0, 0))) if missing else weights
    blocks = whole.reshape(-1, channels, inputs, height, width)
    packed = np.ascontiguousarray(blocks.transpose(0, 3, 4, 2, 1))
    return packed[:, :, :, 0, :] if shape.is_depthwise else packed


@cache
def make_kernel(shape: Convolution, epilogue: Epilogue, unit: VectorUnit) -> Kernel:
    """By the usual plan."""
    plan = usual_plan(shape, unit)
    schedule = s_tir.Schedule(definition(shape, epilogue, plan.tile.channels))
    schedule_kernel(schedule, shape, plan, unit)
    return as_kernel(schedule, plan.tile.channels)


def as_kernel(schedule: s_tir.Schedule, channels: int) -> Kernel:
    """Of a definition that has been scheduled."""
    function = schedule.mod["main"].without_attr("global_symbol")
    return Kernel(function.with_attr({"tirx.is_scheduled": 1, "op_pattern": _OPAQUE}), channels)


def definition(shape: Convolution, epilogue: Epilogue, channels: int) -> tirx.PrimFunc:
    """What is computed, from weights in blocks of so many channels."""
    tile = Tile(1, channels)
    image = te.placeholder(shape.in_shape, name="image")
    weights = te.placeholder(packed_shape(shape, tile.channels), name="weights")
    bias = te.placeholder((shape.out_channels,), name="bias")
    residual = te.placeholder(shape.out_shape, name="residual")
    source = _copy(image, shape, tile) if _is_copied(shape, tile) else image
    sums = _sums(shape, tile, source, weights)

    def finish(n, h, w, o):
        value = sums[n, h, w, o] + bias[o]
        if epilogue.has_residual:
            value = value + residual[n, h, w, o]
        return _activate(value, epilogue)

    output = te.compute(shape.out_shape, finish, name="output")
    operands = [image, weights, bias] + ([residual] if epilogue.has_residual else [])
    return te.create_prim_func([*operands, output])


def packed_shape(shape: Convolution, channels: int) -> tuple[int, ...]:
    """Of weights in blocks of so many channels."""
    blocks = -(-shape.out_channels // channels)
    if shape.is_depthwise:
        return (blocks, *shape.kernel, channels)
    return (blocks, *shape.kernel, shape.group_inputs, channels)


def _is_copied(shape: Convolution, tile: Tile) -> bool:
    """Whether the image is first copied, with zeros around it and beyond its last channel."""
    return shape.is_padded or _copied_channels(shape, tile) > shape.in_channels


def _copied_channels(shape: Convolution, tile: Tile) -> int:
    """A depthwise tile reads as many channels as it computes."""
    return tile.covered(shape.in_channels) if shape.is_depthwise else shape.in_channels


def _copy(image: te.Tensor, shape: Convolution, tile: Tile) -> te.Tensor:
    top, left, bottom, right = shape.pads
    channels = _copied_channels(shape, tile)

    def copy(n, h, w, c):
        inside = [h >= top, h < top + shape.height, w >= left, w < left + shape.width]
        if channels > shape.in_channels:
            inside.append(c < shape.in_channels)
        pixel = image[n, h - top, w - left, c]
        return tirx.if_then_else(tirx.all(*inside), pixel, tirx.const(0, "float32"))

    size = (shape.height + top + bottom, shape.width + left + right)
    return te.compute((shape.batch, *size, channels), copy, name="copy")


def _sums(shape: Convolution, tile: Tile, image: te.Tensor, weights: te.Tensor) -> te.Tensor:
    tap_h = te.reduce_axis((0, shape.kernel[0]), "tap_h")
    tap_w = te.reduce_axis((0, shape.kernel[1]), "tap_w")
    inputs = te.reduce_axis((0, shape.group_inputs), "inputs")

    def pixel(n, h, w, c):
        row = h * shape.strides[0] + tap_h * shape.dilations[0]
        return image[n, row, w * shape.strides[1] + tap_w * shape.dilations[1], c]

    def depthwise(n, h, w, o):
        weight = weights[o // tile.channels, tap_h, tap_w, o % tile.channels]
        return te.sum(pixel(n, h, w, o) * weight, axis=[tap_h, tap_w])

    def full(n, h, w, o):
        weight = weights[o // tile.channels, tap_h, tap_w, inputs, o % tile.channels]
        channel = inputs
        if shape.groups > 1:
            channel = o // shape.group_outputs * shape.group_inputs + inputs
        return te.sum(pixel(n, h, w, channel) * weight, axis=[tap_h, tap_w, inputs])

    size = (*shape.out_shape[:3], tile.covered(shape.out_channels))
    return te.compute(size, depthwise if shape.is_depthwise else full, name="sums")


def _activate(value: tvm.ir.Expr, epilogue: Epilogue) -> tvm.ir.Expr:
    if epilogue.activation is Activation.RELU:
        return te.max(value, tirx.const(0, "float32"))
    if epilogue.activation is Activation.CLIP:
        low, high = tirx.const(epilogue.low, "float32"), tirx.const(epilogue.high, "float32")
        return te.min(te.max(value, low), high)
    return value


def schedule_kernel(
    schedule: s_tir.Schedule, shape: Convolution, plan: Plan, unit: VectorUnit
) -> None:
    """Of a definition with blocks of as many channels as the plan's tile has."""
    _schedule_tiles(schedule, shape, plan)
    if _is_copied(shape, plan.tile):
        _schedule_copy(schedule, _copied_channels(shape, plan.tile), unit)


def _schedule_tiles(schedule: s_tir.Schedule, shape: Convolution, plan: Plan) -> None:
    output, sums = schedule.get_sblock("output"), schedule.get_sblock("sums")
    n, h, w, o = schedule.get_loops(output)
    blocks, block = schedule.split(o, [None, plan.tile.channels])
    tiles, row = schedule.split(w, [None, plan.tile.rows])
    loops = {"n": n, "h": h, "b": blocks, "t": tiles}
    if "g" in plan.order.shared:
        loops["g"], loops["t"] = schedule.split(tiles, [None, GROUP])
    shared = [loops[name] for name in plan.order.shared]
    inner = [loops[name] for name in plan.order.inner]
    schedule.reorder(*shared, *inner, row, block)
    outermost = schedule.fuse(*shared)
    schedule.parallel(outermost)
    schedule.compute_at(sums, inner[-1] if inner else outermost, preserve_unit_loops=True)
    schedule.set_scope(sums, 0, "local")
    _schedule_sums(schedule, shape, plan.unrolled_inputs, loops_around=1 + len(inner))
    schedule.unroll(row)
    if shape.out_channels % plan.tile.channels == 0:
        schedule.vectorize(block)  # a vector with a condition would be taken apart


def _schedule_sums(
    schedule: s_tir.Schedule, shape: Convolution, unrolled_inputs: int, loops_around: int
) -> None:
    sums = schedule.get_sblock("sums")
    inner = schedule.get_loops(sums)[loops_around:]
    (n, h, rows, channels), taps = inner[:4], inner[4:]
    schedule.reorder(*taps, n, h, rows, channels)
    if shape.is_depthwise:
        schedule.unroll(taps[1])
    elif unrolled_inputs > 1:
        _, few = schedule.split(taps[2], [None, unrolled_inputs])
        schedule.unroll(few)
    schedule.unroll(rows)
    schedule.vectorize(channels)
    start = schedule.decompose_reduction(sums, taps[0])
    start_loops = schedule.get_loops(start)
    schedule.unroll(start_loops[-2])
    schedule.vectorize(start_loops[-1])


def _schedule_copy(schedule: s_tir.Schedule, channels: int, unit: VectorUnit) -> None:
    n, h, _, c = schedule.get_loops(schedule.get_sblock("copy"))
    widths = (unit.lanes * 4, unit.lanes * 2, unit.lanes, unit.lanes // 2, 4)
    width = next((width for width in widths if channels % width == 0), 0)
    if width > 1:
        _, vector = schedule.split(c, [None, width])
        schedule.vectorize(vector)
    schedule.parallel(schedule.fuse(n, h))
