// What takes elements from between the grid points of a picture: GridSample, AffineGrid,
// DeformConv; and Col2Im, which puts windows back.
#include "semantics/sampling.h"

#include "convolution.h"
#include "core/error.h"
#include "matrix.h"
#include "operators.h"
#include "spatial.h"

namespace dnnbench::tf {
namespace {

// A picture whose places are one dimension: [batch, places, channels].
struct Picture {
  Out places;
  Shape sizes;  // of the spatial dimensions
};

Picture flatten(Graph& g, Out channels_last_tensor, const Shape& shape) {
  const Shape sizes(shape.begin() + 2, shape.end());
  return {g.reshape(channels_last_tensor, Shape{shape[0], element_count(sizes), shape[1]}), sizes};
}

using semantics::GridSample;
using Outside = GridSample::Outside;

// Back and forth between the borders.
Out reflect(Graph& g, Out x, double low, double high) {
  const double range = high - low;
  if (range <= 0) return g.add(g.mul(x, g.scalar_like(x, 0)), g.scalar_like(x, low));
  const Out along =
      g.compute("FloorMod", {g.sub(x, g.scalar_like(x, low)), g.scalar_like(x, 2 * range)});
  const Out back = g.sub(g.scalar_like(x, 2 * range), along);
  return g.add(g.minimum(along, back), g.scalar_like(x, low));
}

struct Border {
  double low;
  double high;
};

Border border_of(int64_t size, bool align_corners) {
  const auto length = static_cast<double>(size);
  return align_corners ? Border{0, length - 1} : Border{-0.5, length - 0.5};
}

// What a coordinate contributes along one dimension: an index and a weight, float and [batch,
// points].
struct Tap {
  Out index;
  Out weight;
};

Tap make_tap(Graph& g, Out at, Out weight, int64_t size, Outside outside, const Border& border) {
  const Out zero = g.scalar_like(at, 0), last = g.scalar_like(at, static_cast<double>(size - 1));
  if (outside == Outside::kZeros) {
    const Out inside = g.call(
        "LogicalAnd", {g.compute("GreaterEqual", {at, zero}), g.compute("LessEqual", {at, last})});
    weight = g.mul(weight, g.cast(inside, Graph::type(weight)));
  }
  if (outside == Outside::kReflection) at = reflect(g, at, border.low, border.high);
  return {g.minimum(g.maximum(at, zero), last), weight};
}

std::vector<Tap> linear_taps(Graph& g, Out x, int64_t size, Outside outside, const Border& border) {
  const Out floor = g.compute("Floor", {x});
  const Out fraction = g.sub(x, floor), one = g.scalar_like(x, 1);
  return {make_tap(g, floor, g.sub(one, fraction), size, outside, border),
          make_tap(g, g.add(floor, one), fraction, size, outside, border)};
}

// Keys' weights with a = -0.75, as the operator demands.
std::vector<Tap> cubic_taps(Graph& g, Out x, int64_t size, Outside outside, const Border& border) {
  constexpr double kA = -0.75;
  const Out floor = g.compute("Floor", {x});
  const Out t = g.sub(x, floor), one = g.scalar_like(x, 1);
  const auto near = [&](Out d) {
    const Out inner = g.sub(g.mul(d, g.scalar_like(d, kA + 2)), g.scalar_like(d, kA + 3));
    return g.add(g.mul(inner, g.mul(d, d)), one);
  };
  const auto far = [&](Out d) {
    const Out first = g.sub(g.mul(d, g.scalar_like(d, kA)), g.scalar_like(d, 5 * kA));
    const Out second = g.add(g.mul(first, d), g.scalar_like(d, 8 * kA));
    return g.sub(g.mul(second, d), g.scalar_like(d, 4 * kA));
  };
  const Out u = g.sub(one, t);
  const auto tap = [&](double offset, Out weight) {
    return make_tap(g, g.add(floor, g.scalar_like(x, offset)), weight, size, outside, border);
  };
  return {tap(-1, far(g.add(t, one))), tap(0, near(t)), tap(1, near(u)),
          tap(2, far(g.add(u, one)))};
}

// The sum over all combinations of taps: [batch, points, channels].
Out combine(Graph& g, const Picture& picture, const std::vector<std::vector<Tap>>& taps) {
  std::optional<Out> sum;
  std::vector<size_t> choice(taps.size(), 0);
  const TF_DataType type = Graph::type(picture.places);
  for (bool more = true; more;) {
    Out place = g.cast(taps[0][choice[0]].index, TF_INT64);
    Out weight = taps[0][choice[0]].weight;
    for (size_t i = 1; i < taps.size(); ++i) {
      const Tap& tap = taps[i][choice[i]];
      place = g.add(g.mul(place, g.long_scalar(picture.sizes[i])), g.cast(tap.index, TF_INT64));
      weight = g.mul(weight, tap.weight);
    }
    const Out part =
        g.mul(g.gather(picture.places, place, 1, 1), g.expand_dims(g.cast(weight, type), 2));
    sum = sum ? g.add(*sum, part) : part;
    more = false;
    for (size_t i = taps.size(); i-- > 0 && !more;) {
      more = ++choice[i] < taps[i].size();
      if (!more) choice[i] = 0;
    }
  }
  return *sum;
}

// [-1, 1] to elements, then back inside where the mode says so. A cubic's taps reach beyond the
// border: they are brought back one by one.
Out denormalize(Graph& g, Out x, int64_t size, const GridSample& sample) {
  const auto length = static_cast<double>(size);
  const Out one = g.scalar_like(x, 1), half = g.scalar_like(x, 0.5);
  Out at = sample.align_corners
               ? g.mul(g.add(x, one), g.scalar_like(x, (length - 1) / 2))
               : g.mul(g.sub(g.mul(g.add(x, one), g.scalar_like(x, length)), one), half);
  if (sample.mode == GridSample::Mode::kCubic) return at;
  if (sample.mode == GridSample::Mode::kNearest) at = g.compute("Round", {at});
  const Border border = border_of(size, sample.align_corners);
  if (sample.outside == Outside::kBorder) {
    at = g.minimum(g.maximum(at, g.scalar_like(at, 0)), g.scalar_like(at, length - 1));
  } else if (sample.outside == Outside::kReflection) {
    const Out beyond =
        g.call("LogicalOr", {g.less(at, g.scalar_like(at, border.low)),
                             g.compute("Greater", {at, g.scalar_like(at, border.high)})});
    at = g.select(beyond, reflect(g, at, border.low, border.high), at);
  }
  return at;
}

void emit_grid_sample(const Operation& op) {
  Graph& g = op.g;
  const Shape shape = op.static_shape(0), grid_shape = op.static_shape(1);
  const size_t count = shape.size() - 2;
  const GridSample sample = semantics::read_grid_sample(op.node);
  const Picture picture = flatten(g, op.in(0, channels_last(shape.size())), shape);
  const Out grid = op.in(1);
  std::vector<std::vector<Tap>> taps;
  for (size_t i = 0; i < count; ++i) {
    const int64_t size = shape[2 + i];
    // The grid has the last dimension first.
    const Out along = g.gather(grid, g.int_scalar(static_cast<int64_t>(count - 1 - i)),
                               static_cast<int64_t>(grid_shape.size()) - 1);
    const Out x = denormalize(g, g.reshape(along, Shape{shape[0], -1}), size, sample);
    const Border border = border_of(size, sample.align_corners);
    if (sample.mode == GridSample::Mode::kNearest) {
      taps.push_back({make_tap(g, x, g.call("OnesLike", {x}), size, sample.outside, border)});
    } else if (sample.mode == GridSample::Mode::kCubic) {
      taps.push_back(cubic_taps(g, x, size, sample.outside, border));
    } else {
      taps.push_back(linear_taps(g, x, size, sample.outside, border));
    }
  }
  Shape result{shape[0]};
  result.insert(result.end(), grid_shape.begin() + 1, grid_shape.end() - 1);
  result.push_back(shape[1]);
  op.out(g.reshape(combine(g, picture, taps), result), channels_last(shape.size()));
}

// theta [batch, count, count + 1], sizes [count + 2] -> [batch, sizes..., count]
void emit_affine_grid(const Operation& op) {
  Graph& g = op.g;
  const auto count = static_cast<size_t>(op.static_shape(1).at(0) - 2);
  const bool align_corners = op.integer("align_corners", 0) != 0;
  const TF_DataType type = op.type(0);
  const Out all_sizes = g.cast(op.in(1), TF_INT64), one = g.scalar(type, 1);
  const Out sizes = g.slice(all_sizes, 0, 2, static_cast<int64_t>(count) + 2);
  Outs columns;  // [points] each: the last dimension first, then 1
  for (size_t i = count; i-- > 0;) {
    const Out size = g.gather(sizes, g.int_scalar(static_cast<int64_t>(i)), 0);
    const Out length = g.cast(size, type);
    const Out at = g.cast(g.range(g.long_scalar(0), size, g.long_scalar(1)), type);
    const Out steps = align_corners ? g.maximum(g.sub(length, one), one) : length;
    const Out doubled = g.div(g.add(at, at), steps);
    Out x = g.sub(align_corners ? doubled : g.add(doubled, g.div(one, length)), one);
    for (size_t k = i + 1; k < count; ++k) x = g.expand_dims(x, -1);
    columns.push_back(g.reshape(g.call("BroadcastTo", {x, sizes}), Shape{-1}));
  }
  columns.push_back(g.call("OnesLike", {columns[0]}));
  const Out grid = g.expand_dims(g.call("Pack", {columns}, {{"axis", int64_t{1}}}), 0);
  const Out batch = g.slice(all_sizes, 0, 0, 1);
  const Out shape = g.concat({batch, sizes, g.longs({static_cast<int64_t>(count)})}, 0);
  op.out(g.reshape(g.compute("BatchMatMulV2", {grid, op.in(0)}, {{"adj_y", true}}), shape));
}

// --- DeformConv

// Where the windows' elements lie before they are moved: [1, 1, places, 2, rows, columns].
Out window_places(Graph& g, const Windows& w, TF_DataType type) {
  const int64_t rows = w.output[0], columns = w.output[1], places = w.kernel[0] * w.kernel[1];
  std::vector<double> base;
  for (int64_t place = 0; place < places; ++place) {
    for (size_t axis = 0; axis < 2; ++axis) {
      const int64_t k = axis == 0 ? place / w.kernel[1] : place % w.kernel[1];
      for (int64_t row = 0; row < rows; ++row) {
        for (int64_t column = 0; column < columns; ++column) {
          const int64_t window = axis == 0 ? row : column;
          base.push_back(static_cast<double>(window * w.strides[axis] + k * w.dilations[axis] -
                                             w.before[axis]));
        }
      }
    }
  }
  return g.floats(type, {1, 1, places, 2, rows, columns}, base);
}

// The elements at those places, moved by the offsets and weighted by the mask: [batch, rows *
// columns, channels, places].
Out moved_windows(const Operation& op, const Windows& w) {
  Graph& g = op.g;
  const Shape shape = op.static_shape(0);
  const int64_t rows = w.output[0], columns = w.output[1], places = w.kernel[0] * w.kernel[1];
  const int64_t groups = op.integer("offset_group", 1), each = shape[1] / groups;
  const Out offsets = g.reshape(op.in(2), Shape{shape[0], groups, places, 2, rows, columns});
  const Out at = g.add(offsets, window_places(g, w, op.type(0)));
  const Out mask = op.has(4) ? g.reshape(op.in(4), Shape{shape[0], groups, -1, 1}) : Out{};
  const Out x = op.in(0, channels_last(4));
  Outs sampled;
  for (int64_t group = 0; group < groups; ++group) {
    const Out own = g.gather(at, g.int_scalar(group), 1);  // [batch, places, 2, rows, columns]
    const Picture picture = flatten(g, g.slice(x, 3, group * each, (group + 1) * each),
                                    {shape[0], each, shape[2], shape[3]});
    std::vector<std::vector<Tap>> taps;
    for (int64_t axis = 0; axis < 2; ++axis) {
      const Out along = g.reshape(g.gather(own, g.int_scalar(axis), 2), Shape{shape[0], -1});
      taps.push_back(
          linear_taps(g, along, shape[static_cast<size_t>(2 + axis)], Outside::kZeros, {0, 0}));
    }
    Out values = combine(g, picture, taps);  // [batch, places * rows * columns, each]
    if (op.has(4)) values = g.mul(values, g.gather(mask, g.int_scalar(group), 1));
    sampled.push_back(values);
  }
  return g.transpose(
      g.reshape(g.concat(sampled, 2), Shape{shape[0], places, rows * columns, shape[1]}),
      {0, 2, 3, 1});
}

void emit_deform_conv(const Operation& op) {
  Graph& g = op.g;
  const Shape shape = op.static_shape(0), filters = op.static_shape(1);
  if (shape.size() != 4) throw Unsupported("it is not of two dimensions");
  const Windows w = read_windows(op, kernel_of(op, 1));
  const int64_t places = w.kernel[0] * w.kernel[1], windows = w.output[0] * w.output[1];
  const int64_t groups = op.integer("group", 1);
  const int64_t inputs = shape[1] / groups, outputs = filters[0] / groups;
  const Out all = moved_windows(op, w);
  Outs results;
  for (int64_t group = 0; group < groups; ++group) {
    const Out own = g.reshape(g.slice(all, 2, group * inputs, (group + 1) * inputs),
                              Shape{shape[0], windows, inputs * places});
    const Out matrix = g.reshape(g.slice(op.in(1), 0, group * outputs, (group + 1) * outputs),
                                 Shape{outputs, inputs * places});
    results.push_back(matrix_product(g, own, matrix, false, true));
  }
  Out y = g.reshape(g.concat(results, 2), Shape{shape[0], w.output[0], w.output[1], filters[0]});
  if (op.has(3)) y = g.add(y, op.in(3));
  op.out(y, channels_last(4));
}

// --- Col2Im

// Along one dimension of a picture, where each place of each window lies: [windows, places]; below
// 0 or from `image` on in the padding.
Out place_windows(Graph& g, Out image, Out kernel, const Windows& w, size_t i) {
  const int64_t stride = w.strides[i], dilation = w.dilations[i];
  const int64_t before = w.before[i], both = before + w.after[i];
  const Out zero = g.long_scalar(0), one = g.long_scalar(1);
  const Out span = g.mul(g.sub(kernel, one), g.long_scalar(dilation));
  const Out room = g.sub(g.add(image, g.long_scalar(both - 1)), span);
  const Out count = g.add(g.compute("FloorDiv", {room, g.long_scalar(stride)}), one);
  const Out starts = g.mul(g.range(zero, count, one), g.long_scalar(stride));
  const Out steps = g.mul(g.range(zero, kernel, one), g.long_scalar(dilation));
  const Out from = g.sub(starts, g.long_scalar(before));
  return g.add(g.expand_dims(from, 1), g.expand_dims(steps, 0));
}

// x [batch, channels * places, windows], image [dimensions], kernel [dimensions]
void emit_col2im(const Operation& op) {
  Graph& g = op.g;
  const auto dimensions = static_cast<size_t>(op.static_shape(1).at(0));
  const Windows w = semantics::read_windows(op.node, Shape(dimensions, -1), Shape(dimensions, 1));
  const Out image = g.cast(op.in(1), TF_INT64), kernel = g.cast(op.in(2), TF_INT64);
  const auto element = [&](Out list, size_t i) {
    return g.gather(list, g.int_scalar(static_cast<int64_t>(i)), 0);
  };
  // [windows..., places...]: the element of a channel, -1 in the padding.
  Out position = g.long_scalar(0), inside = g.cast(g.int_scalar(1), TF_BOOL);
  for (size_t i = 0; i < dimensions; ++i) {
    const Out size = element(image, i);
    Out at = place_windows(g, size, element(kernel, i), w, i);
    // [windows, places] to where both lie among all dimensions.
    for (size_t k = 0; k < i; ++k) at = g.expand_dims(at, 0);
    for (size_t k = 0; k + 1 < dimensions; ++k) at = g.expand_dims(at, static_cast<int64_t>(i) + 1);
    for (size_t k = i + 1; k < dimensions; ++k) at = g.expand_dims(at, -1);
    inside = g.call("LogicalAnd", {inside, g.compute("GreaterEqual", {at, g.long_scalar(0)})});
    inside = g.call("LogicalAnd", {inside, g.less(at, size)});
    position = g.add(g.mul(position, size), at);
  }
  position = g.reshape(g.select(inside, position, g.long_scalar(-1)), Shape{-1});
  const auto product = [&](Out list) { return g.reduce("Prod", list, {0}, false); };
  const Out places = product(kernel), shape = g.shape_tensor(op.in(0));
  const Out batch = element(shape, 0), windows = element(shape, 2);
  const Out channels = g.compute("FloorDiv", {element(shape, 1), places});
  const auto list = [&](const Outs& sizes) {
    return g.call("Pack", {sizes}, {{"axis", int64_t{0}}});
  };
  // [batch * channels, places, windows] -> [windows * places, batch * channels]
  const Out rows = g.mul(batch, channels);
  const Out apart = g.transpose(g.reshape(op.in(0), list({rows, places, windows})), {2, 1, 0});
  const Out flat = g.reshape(apart, list({g.mul(windows, places), rows}));
  const Out sums = g.compute("UnsortedSegmentSum", {flat, position, product(image)});
  op.out(g.reshape(g.transpose(sums, {1, 0}), g.concat({list({batch, channels}), image}, 0)));
}

}  // namespace

Operators sampling_operators() {
  return {
      {"AffineGrid", emit_affine_grid},
      {"Col2Im", emit_col2im},
      {"DeformConv", emit_deform_conv},
      {"GridSample", emit_grid_sample},
  };
}

}  // namespace dnnbench::tf
