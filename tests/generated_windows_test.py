"""Convolutions, pools, padding, resizing, sampling, regions and indices of many attribute combinations on the engines that
import, against ONNX Runtime: each family is a seeded generator of small models."""

import numpy as np
import pytest

import node_cases
from generated_families_test import Model, failures_of, floats, run_families


def chance(random, probability):
    return bool(random.random() < probability)


def one_of(random, *values):
    return values[random.integers(0, len(values))]


def integers(random, low, high, count):
    return [int(value) for value in random.integers(low, high, count)]


def window(random, rank, kernel):
    """strides, dilations and pads or auto_pad; a pad is smaller than the kernel. ONNX Runtime has no
    dilated windows that are padded to the same size, and no such gaps between windows."""
    attributes = {"strides": integers(random, 1, 4, rank)}
    if chance(random, 0.4):
        attributes["dilations"] = integers(random, 1, 3, rank)
    how = one_of(random, "none", "pads", "pads", "SAME_UPPER", "SAME_LOWER", "VALID")
    if how == "pads":
        attributes["pads"] = [int(random.integers(0, size)) for size in kernel * 2]
    elif how != "none":
        attributes["auto_pad"] = how
    if "SAME" in how:
        attributes.pop("dilations", None)
        attributes["strides"] = list(map(min, attributes["strides"], kernel))
    return attributes


def convolution(random):
    """Conv and ConvInteger: one to three dimensions, groups, one channel each."""
    rank = int(random.integers(1, 4))
    kernel = integers(random, 1, 4, rank)
    groups, inputs, outputs = one_of(random, (1, 3, 4), (2, 4, 6), (4, 4, 8), (3, 3, 3))
    attributes = window(random, rank, kernel) | {"group": groups}
    sizes = integers(random, 5, 9, rank)
    if rank < 3 and chance(random, 0.2):
        model = Model(10)
        model.input(random.integers(0, 256, (2, inputs, *sizes)).astype(np.uint8))
        model.constant(
            random.integers(0, 256, (outputs, inputs // groups, *kernel)).astype(np.uint8)
        )
        if chance(random, 0.7):
            model.constant(np.asarray(128, np.uint8)).constant(np.asarray(100, np.uint8))
        return model.build("ConvInteger", **attributes)
    model = Model(one_of(random, 11, 22)).input(floats(random, 2, inputs, *sizes))
    model.constant(floats(random, outputs, inputs // groups, *kernel))
    if chance(random, 0.6):
        model.constant(floats(random, outputs))
    return model.build("Conv", **attributes)


def transposed(random):
    """ConvTranspose: pads, output_padding, and output sizes that they are derived from."""
    rank = int(random.integers(1, 4))
    kernel = integers(random, 2, 4, rank)
    groups, inputs, outputs = one_of(random, (1, 3, 4), (2, 4, 3))
    strides = integers(random, 1, 4, rank)
    sizes = integers(random, 3, 6, rank)
    attributes = {"strides": strides, "group": groups}
    if chance(random, 0.3):
        attributes["dilations"] = integers(random, 1, 3, rank)
    spans = [
        (size - 1) * dilation + 1
        for size, dilation in zip(kernel, attributes.get("dilations", [1] * rank), strict=True)
    ]
    if chance(random, 0.3):
        attributes["output_padding"] = [int(random.integers(0, stride)) for stride in strides]
    how = one_of(random, "none", "pads", "sizes", "SAME_UPPER", "SAME_LOWER", "VALID")
    if how == "pads":
        attributes["pads"] = integers(random, 0, 2, 2 * rank)
    elif how == "sizes":
        whole = [(n - 1) * s + k for n, s, k in zip(sizes, strides, spans, strict=True)]
        attributes["output_shape"] = [size - int(random.integers(0, 2)) for size in whole]
        attributes.pop("output_padding", None)
    elif how != "none":
        attributes["auto_pad"] = how
    # Where windows leave gaps, ONNX Runtime's result is smaller than the input times the stride.
    if "SAME" in how:
        attributes["strides"] = list(map(min, strides, spans))
        attributes.pop("output_padding", None)
    model = Model(one_of(random, 11, 22)).input(floats(random, 2, inputs, *sizes))
    model.constant(floats(random, inputs, outputs, *kernel))
    if chance(random, 0.5):
        model.constant(floats(random, outputs * groups))
    return model.build("ConvTranspose", **attributes)


def pooling(random):
    """Pools over windows, with what ceil_mode adds, padding that counts, and indices."""
    op = one_of(random, "MaxPool", "MaxPool", "AveragePool", "AveragePool", "LpPool")
    rank = int(random.integers(1, 4))
    kernel = integers(random, 1, 4, rank)
    attributes = window(random, rank, kernel) | {"kernel_shape": kernel}
    if chance(random, 0.5):
        attributes["ceil_mode"] = 1
    if op == "AveragePool" and chance(random, 0.5):
        attributes["count_include_pad"] = 1
    if op == "LpPool":
        attributes["p"] = int(random.integers(1, 4))
    model = Model(22 if op == "LpPool" else one_of(random, 19, 22))
    sizes = integers(random, 2 if "pads" in attributes else 5, 9, rank)
    sizes = [max(size, 5 if "dilations" in attributes else 3) for size in sizes]
    model.input(floats(random, 2, 3, *sizes))
    outputs = "y"
    if op == "MaxPool" and chance(random, 0.3):
        outputs, attributes["storage_order"] = "y i", int(random.integers(0, 2))
    return model.build(op, outputs, **attributes)


def global_pooling(random):
    op = one_of(random, "GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool")
    attributes = {"p": int(random.integers(1, 4))} if op == "GlobalLpPool" else {}
    sizes = integers(random, 1, 5, int(random.integers(1, 4)))
    return Model(20).input(floats(random, 2, 3, *sizes)).build(op, **attributes)


def padding(random):
    """Pad: pads as attributes or inputs, of some axes, that cut off, that repeat the tensor."""
    opset = int(one_of(random, 2, 11, 13, 18, 19))
    mode = one_of(random, "constant", "reflect", "edge", *(["wrap"] if opset >= 19 else []))
    shape = integers(random, 3, 6, int(random.integers(1, 5)))
    axes = list(range(len(shape)))
    some = opset >= 18 and chance(random, 0.5)
    if some:
        axes = sorted(map(int, random.permutation(axes)[: random.integers(1, len(axes) + 1)]))
    low = -1 if mode == "constant" and chance(random, 0.4) else 0
    pads = integers(random, low, 3, 2 * len(axes))
    model = Model(opset).input(floats(random, *shape))
    if opset < 11:
        return model.build("Pad", mode=mode, pads=pads, value=0.5)
    put = model.constant if low < 0 or chance(random, 0.7) else model.input
    put(np.array(pads, np.int64))
    if chance(random, 0.5):
        model.constant(np.asarray(-1.5, np.float32))
    elif some:
        model.missing()
    if some:
        names = [axis - len(shape) if chance(random, 0.4) else axis for axis in axes]
        put(np.array(names, np.int64))
    return model.build("Pad", mode=mode)


COORDINATES = (
    "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
    "tf_crop_and_resize", "tf_half_pixel_for_nn",
)  # fmt: skip
ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")


def old_resize(random):
    """Resize of opset 10 and Upsample, which have scales only."""
    op, opset = one_of(random, ("Resize", 10), ("Upsample", 7), ("Upsample", 9))
    mode = one_of(random, "nearest", "nearest", "linear")
    scales = [1.0, 1.0, *(float(np.float32(s)) for s in random.uniform(1.0, 2.6, 2))]
    if op == "Resize":
        scales[2:] = [float(np.float32(s)) for s in random.uniform(0.35, 2.6, 2)]
    model = Model(opset).input(floats(random, 2, 3, *integers(random, 3, 9, 2)))
    if opset == 7:
        return model.build(op, mode=mode, scales=scales)
    return model.constant(np.array(scales, np.float32)).build(op, mode=mode)


def resize_attributes(random, opset):
    mode = one_of(random, "nearest", "nearest", "linear", "linear", "cubic")
    coordinates = one_of(random, *COORDINATES)
    if coordinates == "half_pixel_symmetric" and opset < 19:
        coordinates = "half_pixel"
    if coordinates == "tf_half_pixel_for_nn" and (mode != "nearest" or opset != 11):
        coordinates = "asymmetric"
    attributes = {"mode": mode, "coordinate_transformation_mode": coordinates}
    if mode == "nearest":
        attributes["nearest_mode"] = one_of(random, *ROUNDINGS)
    if mode == "cubic":
        attributes["cubic_coeff_a"] = float(one_of(random, -0.75, -0.5))
        attributes["exclude_outside"] = int(random.integers(0, 2))
    if coordinates == "tf_crop_and_resize":
        attributes["extrapolation_value"] = -2.5
    elif opset >= 18 and mode != "nearest" and chance(random, 0.3):
        attributes["antialias"] = 1
    return attributes


def resize(random):
    """Resize in every mode that ONNX Runtime has, by scales or sizes that are constant or not."""
    opset = one_of(random, 11, 13, 18, 19)
    attributes = resize_attributes(random, opset)
    crops = "extrapolation_value" in attributes
    shape = [2, 3, *integers(random, 2, 9, 2)]
    scales = [float(np.float32(scale)) for scale in random.uniform(0.35, 2.6, 2)]
    # An axis, or a whole tensor, whose size stays ONNX Runtime leaves alone, whatever its scale
    # or region.
    scales = [
        2.0
        if (crops or "antialias" in attributes) and size in (int(size * s), round(size * s))
        else s
        for size, s in zip(shape[2:], scales, strict=True)
    ]
    if shape[2:] == [int(size * s) for size, s in zip(shape[2:], scales, strict=True)]:
        scales[1] = 2.0
    lead = 2
    keeps_ratio = False
    if opset >= 18 and chance(random, 0.6):
        lead, attributes["axes"] = 0, [2, 3]
        keeps_ratio = chance(random, 0.4) and not crops and "antialias" not in attributes
        if not keeps_ratio and chance(random, 0.5):
            attributes["axes"] = [2, -1]
    model = Model(opset).input(floats(random, *shape))
    none = np.array([], np.float32)
    put = model.constant if chance(random, 0.6) else model.input
    if crops:
        starts, ends = random.uniform(-0.2, 0.4, 2), random.uniform(0.6, 1.2, 2)
        region = [*[0] * lead, *starts, *[1] * lead, *ends]
        put(np.array(region, np.float32))
    else:
        model.constant(none)
    if keeps_ratio or chance(random, 0.5):
        sizes = [
            *shape[:lead],
            *(max(1, round(n * s)) for n, s in zip(shape[2:], scales, strict=True)),
        ]
        if keeps_ratio:
            attributes["keep_aspect_ratio_policy"] = one_of(random, "not_larger", "not_smaller")
        model.constant(none)
        put(np.array(sizes, np.int64))
    else:
        put(np.array([*[1.0] * lead, *scales], np.float32))
    return model.build("Resize", **attributes)


def sampling(random):
    """GridSample: grids that reach beyond the picture."""
    opset = one_of(random, 16, 20)
    names = ("bilinear", "nearest", "bicubic") if opset == 16 else ("linear", "nearest", "cubic")
    mode = one_of(random, *names)
    solid = opset == 20 and mode != "cubic" and chance(random, 0.3)
    sizes = integers(random, 3, 8, 3 if solid else 2)
    places = integers(random, 2, 6, len(sizes))
    model = Model(opset).input(floats(random, 2, 3, *sizes))
    model.input(random.uniform(-1.4, 1.4, (2, *places, len(sizes))).astype(np.float32))
    padding_mode = one_of(random, "zeros", "border", "reflection")
    corners = int(random.integers(0, 2))
    return model.build("GridSample", mode=mode, padding_mode=padding_mode, align_corners=corners)


def affine_grid(random):
    solid = chance(random, 0.5)
    sizes = [2, 3, *integers(random, 2, 6, 3 if solid else 2)]
    model = Model(20).input(floats(random, 2, *((3, 4) if solid else (2, 3))))
    (model.constant if chance(random, 0.5) else model.input)(np.array(sizes, np.int64))
    return model.build("AffineGrid", align_corners=int(random.integers(0, 2)))


def corners(random, count, height, width):
    x, y = random.uniform(-1, width, (2, count)), random.uniform(-1, height, (2, count))
    x.sort(axis=0), y.sort(axis=0)
    return np.stack([x[0], y[0], x[1], y[1]], axis=1).astype(np.float32)


def regions(random):
    """RoiAlign, MaxRoiPool and NonMaxSuppression."""
    op = one_of(random, "RoiAlign", "RoiAlign", "MaxRoiPool", "NonMaxSuppression")
    sizes = integers(random, 1, 4, 2)
    if op == "NonMaxSuppression":
        y, x = np.sort(random.uniform(0, 1, (2, 2, 2, 9)), axis=1).astype(np.float32)
        model = Model(11).input(np.stack([y[0], x[0], y[1], x[1]], axis=2))
        model.input(random.uniform(0, 1, (2, 2, 9)).astype(np.float32))
        model.constant(np.array([int(random.integers(1, 6))], np.int64))
        model.constant(np.array([random.uniform(0, 0.8)], np.float32))
        if chance(random, 0.6):
            model.constant(np.array([random.uniform(0, 0.8)], np.float32))
        return model.build(op, center_point_box=int(random.integers(0, 2)))
    scale = float(one_of(random, 1.0, 0.7))
    places = corners(random, 4, 8, 10)
    if op == "MaxRoiPool":
        batch = random.integers(0, 2, (4, 1)).astype(np.float32)
        model = Model(11).input(floats(random, 2, 3, 8, 10))
        model.constant(np.concatenate([batch, np.round(places)], axis=1))
        return model.build(op, pooled_shape=sizes, spatial_scale=scale)
    model = Model(one_of(random, 10, 16)).input(floats(random, 2, 3, 8, 10))
    model.constant(places).constant(random.integers(0, 2, 4).astype(np.int64))
    attributes = {"output_height": sizes[0], "output_width": sizes[1], "spatial_scale": scale}
    attributes["sampling_ratio"] = int(random.integers(0, 4))
    attributes["mode"] = one_of(random, "avg", "avg", "max")
    if model.opset >= 16:
        mode = one_of(random, "half_pixel", "output_half_pixel")
        attributes["coordinate_transformation_mode"] = mode
    return model.build(op, **attributes)


def indexed(random, shape, axis, size=None):
    """A tensor's data and indices along an axis, some from the end."""
    limit = shape[axis]
    return random.integers(-limit, limit, size if size is not None else shape).astype(np.int64)


def gathering(random):
    op = one_of(random, "Gather", "Gather", "GatherElements", "GatherND")
    shape = integers(random, 2, 5, int(random.integers(1, 5)))
    axis = int(random.integers(-len(shape), len(shape)))
    model = Model(13).input(floats(random, *shape))
    put = model.constant if chance(random, 0.5) else model.input
    if op == "Gather":
        size = integers(random, 1, 4, int(random.integers(0, 3)))
        put(np.asarray(indexed(random, shape, axis, size)))
        return model.build(op, axis=axis)
    if op == "GatherElements":
        put(indexed(random, shape, axis))
        return model.build(op, axis=axis)
    batch = int(random.integers(0, len(shape)))
    depth = int(random.integers(1, len(shape) - batch + 1))
    limits = np.array(shape[batch : batch + depth])
    lead = (*shape[:batch], 3)
    put(random.integers(-limits, limits, (*lead, depth)).astype(np.int64))
    return model.build(op, batch_dims=batch)


def slicing(random):
    """Slice: any direction and step, bounds beyond the end, attributes before opset 10."""
    shape = integers(random, 3, 7, int(random.integers(1, 5)))
    axes = list(map(int, random.permutation(len(shape))[: random.integers(1, len(shape) + 1)]))
    forward = integers(random, -8, 8, len(axes))
    model = Model(one_of(random, 9, 13)).input(floats(random, *shape))
    if model.opset == 9:
        return model.build("Slice", axes=axes, starts=forward, ends=[9] * len(axes))
    steps = [int(one_of(random, 1, 2, -1, -3)) for _ in axes]
    starts, ends = [], []
    for step in steps:
        bounds = sorted(integers(random, -8, 9, 2), reverse=step < 0)
        starts.append(bounds[0]), ends.append(bounds[1])
    put = model.constant if chance(random, 0.6) else model.input
    for values in (starts, ends, axes, steps):
        put(np.array(values, np.int64))
    return model.build("Slice")


def scattering(random):
    op = one_of(random, "ScatterElements", "ScatterND")
    shape = integers(random, 2, 5, int(random.integers(1, 4)))
    reduction = one_of(random, "none", "add", "mul", "max", "min")
    model = Model(18).input(floats(random, *shape))
    if op == "ScatterElements":
        axis = int(random.integers(-len(shape), len(shape)))
        # Without a reduction an index that occurs twice leaves the result open.
        order = np.argsort(random.random(shape), axis=axis)
        if reduction != "none":
            order = indexed(random, shape, axis)
        model.constant(order.astype(np.int64)).input(floats(random, *shape))
        return model.build(op, axis=axis, reduction=reduction)
    depth = int(random.integers(1, len(shape) + 1))
    places = np.stack(np.unravel_index(range(int(np.prod(shape[:depth]))), shape[:depth]), axis=1)
    chosen = random.permutation(len(places))[:3]
    if reduction != "none":
        chosen = random.integers(0, len(places), 3)
    model.constant(places[chosen].astype(np.int64))
    model.input(floats(random, len(chosen), *shape[depth:]))
    return model.build(op, reduction=reduction)


def choosing(random):
    op = one_of(random, "OneHot", "Compress", "NonZero", "Unique")
    shape = integers(random, 2, 5, int(random.integers(1, 4)))
    axis = int(random.integers(-len(shape), len(shape)))
    if op == "OneHot":
        model = Model(11).input(random.integers(-4, 4, shape).astype(np.int64))
        model.constant(np.array(4, np.int64)).constant(np.array([0.5, 2.0], np.float32))
        return model.build(op, axis=axis)
    if op == "NonZero":
        return Model(13).input((random.random(shape) < 0.5).astype(np.float32)).build(op)
    flat = chance(random, 0.4)
    length = int(np.prod(shape)) if flat else shape[axis]
    attributes = {} if flat else {"axis": axis}
    if op == "Compress":
        model = Model(11).input(floats(random, *shape))
        return model.constant(random.random(length) < 0.6).build(op, **attributes)
    values = random.integers(0, 3, shape).astype(np.float32)
    model = Model(11).input(values)
    return model.build(op, "y f i c", sorted=int(random.integers(0, 2)), **attributes)


FAMILIES = {
    "convolution": (convolution, 60),
    "transposed convolution": (transposed, 60),
    "pooling": (pooling, 100),
    "global pooling": (global_pooling, 15),
    "padding": (padding, 60),
    "old resize": (old_resize, 40),
    "resize": (resize, 120),
    "sampling": (sampling, 50),
    "affine grid": (affine_grid, 8),
    "regions": (regions, 50),
    "gathering": (gathering, 50),
    "slicing": (slicing, 40),
    "scattering": (scattering, 40),
    "choosing": (choosing, 40),
}


@pytest.fixture(scope="module")
def failures(programs, tmp_path_factory):
    return run_families(programs, tmp_path_factory.mktemp("generated"), FAMILIES)


@pytest.mark.parametrize("engine", node_cases.ENGINES)
@pytest.mark.parametrize("family", FAMILIES)
def test_it_computes_what_onnx_runtime_does(failures, family, engine):
    assert failures_of(family, engine, failures) == {}
