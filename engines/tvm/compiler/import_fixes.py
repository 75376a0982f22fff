"""Where TVM 0.27's ONNX importer fails, or is silently wrong, on models that people have.

Each fix replaces the importer's conversion of one operator, or stands for one that it lacks, and
returns None where the importer's own will do. import_fixes_test.py has an ONNX model for each.
"""

from collections.abc import Callable

import numpy as np
import tvm
from tvm import relax

from .failure import Unsupported
from .recurrent import RECURRENT_OPERATORS

Inputs = list[relax.Expr | None]
Fix = Callable[[relax.BlockBuilder, Inputs, dict], relax.Expr | None]

_LARGEST = float(np.finfo(np.float32).max)


def constant_value(value: relax.Expr | None) -> np.ndarray | None:
    return value.value.numpy() if isinstance(value, tvm.ir.GenericConst) else None


def fix_batch_normalization(_: relax.BlockBuilder, __: Inputs, attributes: dict) -> None:
    """By the statistics that are given. The library's inference pipeline would silently take these
    for a node that is to compute its own."""
    if attributes.get("training_mode", 0):
        raise Unsupported("it is in training mode")


def fix_clip(_: relax.BlockBuilder, inputs: Inputs, attributes: dict) -> relax.Expr | None:
    """One `clip` with constant bounds, which the graph pass folds into a convolution.

    The importer emits a maximum and a minimum as loops of their own.
    """
    if str(inputs[0].ty.dtype) != "float32":
        return None
    low = _clip_bound(inputs, 1, attributes.get("min"), -_LARGEST)
    high = _clip_bound(inputs, 2, attributes.get("max"), _LARGEST)
    return None if low is None or high is None else relax.op.clip(inputs[0], low, high)


def _clip_bound(
    inputs: Inputs, index: int, attribute: float | None, otherwise: float
) -> float | None:
    """The bound as a finite number; None where it is not constant or is not a number."""
    bound: float | None = otherwise if attribute is None else attribute
    if len(inputs) > index and inputs[index] is not None:
        value = constant_value(inputs[index])
        bound = None if value is None else float(value.ravel()[0])
    if bound is None or np.isnan(bound):
        return None
    return float(np.clip(bound, -_LARGEST, _LARGEST))


def fix_concat(_: relax.BlockBuilder, inputs: Inputs, attributes: dict) -> relax.Expr | None:
    """Without the operands that have no elements, such as a cache that is empty at first.

    The runtime can't load a constant without elements.
    """
    if not all(isinstance(operand.ty, relax.TensorType) for operand in inputs):
        return None
    full = [operand for operand in inputs if not _is_empty(operand)]
    if not full or len(full) == len(inputs):
        return None
    return full[0] if len(full) == 1 else relax.op.concat(full, attributes["axis"])


def _is_empty(operand: relax.Expr) -> bool:
    shape = operand.ty.shape
    return shape is not None and any(
        isinstance(size, tvm.tirx.IntImm) and int(size) == 0 for size in shape
    )


def fix_one_hot(builder: relax.BlockBuilder, inputs: Inputs, attributes: dict) -> relax.Expr:
    """Rows of a table, whose type is the values' own.

    The importer wants the depth as a scalar, where ONNX allows the shape [1], and its result has a
    type of its own choice.
    """
    depth, values = constant_value(inputs[1]), constant_value(inputs[2])
    rank = len(inputs[0].ty.shape)
    if depth is None or values is None:
        raise NotImplementedError("of a constant depth and constant values only")
    size = int(depth.ravel()[0])
    off, on = values
    table = np.where(np.eye(size, dtype=bool), on, off).astype(values.dtype)
    none_on = np.full((1, size), off, dtype=values.dtype)  # for an index that is out of range
    indices = _rows_of_one_hot(builder, inputs[0], size)
    rows = builder.emit(relax.op.take(relax.const(np.vstack([table, none_on])), indices, axis=0))
    axis = attributes.get("axis", -1) % (rank + 1)
    order = [*range(axis), rank, *range(axis, rank)]
    return rows if axis == rank else relax.op.permute_dims(rows, order)


def _rows_of_one_hot(builder: relax.BlockBuilder, indices: relax.Expr, size: int) -> relax.Expr:
    """Row numbers: negative indices count from the end, `size` stands for those out of range."""
    dtype = str(indices.ty.dtype)
    whole = builder.emit(relax.op.astype(indices, "int64")) if dtype != "int64" else indices
    zero, count = relax.const(0, "int64"), relax.const(size, "int64")
    wrapped = builder.emit(
        relax.op.where(
            builder.emit(relax.op.less(whole, zero)),
            builder.emit(relax.op.add(whole, count)),
            whole,
        )
    )
    inside = builder.emit(
        relax.op.logical_and(
            builder.emit(relax.op.greater_equal(wrapped, zero)),
            builder.emit(relax.op.less(wrapped, count)),
        )
    )
    return builder.emit(relax.op.where(inside, wrapped, count))


def fix_pow(builder: relax.BlockBuilder, inputs: Inputs, _: dict) -> relax.Expr | None:
    """Squares and cubes as products: `pow` is a call of the C library for each element."""
    exponent = constant_value(inputs[1])
    if exponent is None or exponent.size != 1 or exponent.ndim > len(inputs[0].ty.shape):
        return None
    power, base = float(exponent.ravel()[0]), inputs[0]
    if power not in (2.0, 3.0):
        return None
    square = builder.emit(relax.op.multiply(base, base))
    return square if power == 2.0 else relax.op.multiply(square, base)


def fix_resize(_: relax.BlockBuilder, inputs: Inputs, __: dict) -> None:
    """Empty scales beside sizes mean that there are none; the importer counts them as given."""
    if len(inputs) <= 3 or inputs[3] is None:
        return
    scales = constant_value(inputs[2])
    if scales is not None and scales.size == 0:
        inputs[2] = None


def fix_upsample(_: relax.BlockBuilder, inputs: Inputs, attributes: dict) -> relax.Expr | None:
    """Scales from the second input, and nearest neighbours by rounding down.

    The importer knows scales as an attribute only, and leaves resize2d's default rounding, which
    is another pixel's value.
    """
    scales = attributes.get("scales")
    if scales is None and len(inputs) > 1:
        scales = constant_value(inputs[1])
    shape = [int(size) for size in inputs[0].ty.shape]
    if scales is None or len(shape) != 4 or list(scales[:2]) != [1, 1]:
        raise NotImplementedError("of scales that are constant and change height and width only")
    mode = attributes.get("mode", b"nearest").decode()
    sizes = [int(np.floor(size * scale)) for size, scale in zip(shape[2:], scales[2:], strict=True)]
    return relax.op.image.resize2d(
        inputs[0],
        size=relax.ShapeExpr(sizes),
        layout="NCHW",
        method="nearest_neighbor" if mode == "nearest" else mode,
        coordinate_transformation_mode="asymmetric",
        rounding_method="floor",
    )


FIXES: dict[str, Fix] = {
    "BatchNormalization": fix_batch_normalization,
    "Clip": fix_clip,
    "Concat": fix_concat,
    "OneHot": fix_one_hot,
    "Pow": fix_pow,
    "Resize": fix_resize,
    "Upsample": fix_upsample,
    **RECURRENT_OPERATORS,
}
