// What takes elements from between the grid points of a picture: GridSample, AffineGrid, RoiAlign,
// DeformConv; and Col2Im, which puts windows back.
#include <algorithm>
#include <cmath>

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

enum class Outside { kZeros, kBorder, kReflection };

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

Outside read_outside(const Emission& n) {
  const std::string mode = n.node.text("padding_mode", "zeros");
  return mode == "border"       ? Outside::kBorder
         : mode == "reflection" ? Outside::kReflection
                                : Outside::kZeros;
}

// [-1, 1] to elements, then back inside where the mode says so.
Out denormalize(Graph& g, Out x, int64_t size, bool align_corners, bool nearest, Outside outside) {
  const auto length = static_cast<double>(size);
  const Out one = g.scalar_like(x, 1), half = g.scalar_like(x, 0.5);
  Out at = align_corners ? g.mul(g.add(x, one), g.scalar_like(x, (length - 1) / 2))
                         : g.mul(g.sub(g.mul(g.add(x, one), g.scalar_like(x, length)), one), half);
  if (nearest) at = g.compute("Round", {at});
  const Border border = border_of(size, align_corners);
  if (outside == Outside::kBorder) {
    at = g.minimum(g.maximum(at, g.scalar_like(at, 0)), g.scalar_like(at, length - 1));
  } else if (outside == Outside::kReflection) {
    const Out beyond =
        g.call("LogicalOr", {g.less(at, g.scalar_like(at, border.low)),
                             g.compute("Greater", {at, g.scalar_like(at, border.high)})});
    at = g.select(beyond, reflect(g, at, border.low, border.high), at);
  }
  return at;
}

void emit_grid_sample(const Emission& n) {
  Graph& g = n.g;
  const Shape shape = n.static_shape(0), grid_shape = n.static_shape(1);
  const size_t count = shape.size() - 2;
  const std::string mode = n.node.text("mode", "linear");
  const bool align_corners = n.integer("align_corners", 0) != 0;
  const Outside outside = read_outside(n);
  const Picture picture = flatten(g, n.in(0, channels_last(shape.size())), shape);
  const Out grid = n.in(1);
  std::vector<std::vector<Tap>> taps;
  for (size_t i = 0; i < count; ++i) {
    const int64_t size = shape[2 + i];
    // The grid has the last dimension first.
    const Out along = g.gather(grid, g.int_scalar(static_cast<int64_t>(count - 1 - i)),
                               static_cast<int64_t>(grid_shape.size()) - 1);
    const Out x = denormalize(g, g.reshape(along, Shape{shape[0], -1}), size, align_corners,
                              mode == "nearest", outside);
    const Border border = border_of(size, align_corners);
    if (mode == "nearest") {
      taps.push_back({make_tap(g, x, g.call("OnesLike", {x}), size, outside, border)});
    } else if (mode == "cubic" || mode == "bicubic") {
      taps.push_back(cubic_taps(g, x, size, outside, border));
    } else {
      taps.push_back(linear_taps(g, x, size, outside, border));
    }
  }
  Shape result{shape[0]};
  result.insert(result.end(), grid_shape.begin() + 1, grid_shape.end() - 1);
  result.push_back(shape[1]);
  n.out(g.reshape(combine(g, picture, taps), result), channels_last(shape.size()));
}

void emit_affine_grid(const Emission& n) {
  Graph& g = n.g;
  const std::vector<int64_t> size = n.integers(1, "sizes");
  const Shape spatial(size.begin() + 2, size.end());
  const bool align_corners = n.integer("align_corners", 0) != 0;
  const size_t count = spatial.size();
  const int64_t points = element_count(spatial);
  std::vector<double> table;  // [points, count + 1]: the last dimension first, then 1
  for (int64_t point = 0; point < points; ++point) {
    int64_t rest = point;
    for (size_t i = count; i-- > 0;) {
      const auto length = static_cast<double>(spatial[i]);
      const auto at = static_cast<double>(rest % spatial[i]);
      rest /= spatial[i];
      table.push_back(!align_corners   ? (2 * at + 1) / length - 1
                      : spatial[i] > 1 ? 2 * at / (length - 1) - 1
                                       : -1);
    }
    table.push_back(1);
  }
  const Out grid = g.floats(n.type(0), {1, points, static_cast<int64_t>(count) + 1}, table);
  Shape result{size[0]};
  result.insert(result.end(), spatial.begin(), spatial.end());
  result.push_back(static_cast<int64_t>(count));
  n.out(g.reshape(g.compute("BatchMatMulV2", {grid, n.in(0)}, {{"adj_y", true}}), result));
}

// --- RoiAlign
// -------------------------------------------------------------------------------------

// Sampling points along one dimension for each region: [regions, bins, samples].
Out roi_points(Graph& g, Out start, Out length, int64_t bins, int64_t samples) {
  std::vector<double> places;
  for (int64_t bin = 0; bin < bins; ++bin) {
    for (int64_t i = 0; i < samples; ++i) {
      places.push_back((static_cast<double>(bin) +
                        (static_cast<double>(i) + 0.5) / static_cast<double>(samples)) /
                       static_cast<double>(bins));
    }
  }
  const Out table = g.floats(Graph::type(start), {1, bins * samples}, places);
  return g.add(g.expand_dims(start, 1), g.mul(g.expand_dims(length, 1), table));
}

// Two taps; beyond one element outside nothing counts.
std::vector<Tap> roi_taps(Graph& g, Out x, int64_t size) {
  const Out zero = g.scalar_like(x, 0), one = g.scalar_like(x, 1);
  const Out last = g.scalar_like(x, static_cast<double>(size - 1));
  const Out outside =
      g.call("LogicalOr", {g.less(x, g.scalar_like(x, -1)),
                           g.compute("Greater", {x, g.scalar_like(x, static_cast<double>(size))})});
  const Out counts = g.sub(one, g.cast(outside, Graph::type(x)));
  const Out at = g.minimum(g.maximum(x, zero), last);
  const Out low = g.compute("Floor", {at});
  const Out fraction = g.sub(at, low);
  return {{low, g.mul(g.sub(one, fraction), counts)},
          {g.minimum(g.add(low, one), last), g.mul(fraction, counts)}};
}

void emit_roi_align(const Emission& n) {
  Graph& g = n.g;
  const Shape shape = n.static_shape(0);
  const int64_t rows = n.integer("output_height", 1), columns = n.integer("output_width", 1);
  const int64_t samples = n.integer("sampling_ratio", 0);
  if (samples <= 0)
    throw Unsupported("its number of samples depends on the regions (sampling_ratio 0)");
  const bool half_pixel = n.node.opset >= 16 && n.node.text("coordinate_transformation_mode",
                                                            "half_pixel") == "half_pixel";
  const Out scaled = g.mul(n.in(1), g.scalar_like(n.in(1), n.number("spatial_scale", 1)));
  const Out corners = half_pixel ? g.sub(scaled, g.scalar_like(scaled, 0.5)) : scaled;
  const auto column = [&](int64_t i) { return g.gather(corners, g.int_scalar(i), 1); };
  const auto length = [&](int64_t begin, int64_t end) {
    const Out size = g.sub(column(end), column(begin));
    return half_pixel ? size : g.maximum(size, g.scalar_like(size, 1));
  };
  const Out y = roi_points(g, column(1), length(1, 3), rows, samples);
  const Out x = roi_points(g, column(0), length(0, 2), columns, samples);
  const Out batch = g.reshape(g.cast(n.in(2), TF_INT64), Shape{-1, 1, 1});
  const Out all = g.reshape(n.in(0, channels_last(4)), Shape{-1, shape[1]});
  const bool greatest = n.node.text("mode", "avg") == "max";
  std::optional<Out> result;
  for (const Tap& v : roi_taps(g, y, shape[2])) {
    for (const Tap& h : roi_taps(g, x, shape[3])) {
      // [regions, rows * samples, columns * samples]
      const Out row =
          g.add(g.mul(batch, g.long_scalar(shape[2])), g.expand_dims(g.cast(v.index, TF_INT64), 2));
      const Out place =
          g.add(g.mul(row, g.long_scalar(shape[3])), g.expand_dims(g.cast(h.index, TF_INT64), 1));
      const Out weight = g.mul(g.expand_dims(v.weight, 2), g.expand_dims(h.weight, 1));
      const Out part = g.mul(g.gather(all, place, 0), g.expand_dims(weight, 3));
      result = !result ? part : greatest ? g.maximum(*result, part) : g.add(*result, part);
    }
  }
  const Out bins = g.reshape(*result, Shape{-1, rows, samples, columns, samples, shape[1]});
  n.out(g.reduce(greatest ? "Max" : "Mean", bins, {2, 4}, false), channels_last(4));
}

// --- DeformConv
// -----------------------------------------------------------------------------------

void emit_deform_conv(const Emission& n) {
  Graph& g = n.g;
  const Shape shape = n.static_shape(0), filters = n.static_shape(1);
  if (shape.size() != 4) throw Unsupported("it is not of two dimensions");
  const Windows w = read_windows(n, {shape[2], shape[3]}, kernel_of(n, 1));
  const int64_t rows = w.output[0], columns = w.output[1], places = w.kernel[0] * w.kernel[1];
  const int64_t offset_groups = n.integer("offset_group", 1), groups = n.integer("group", 1);
  const TF_DataType type = n.type(0);
  // Where the windows' elements would lie: [1, 1, places, 2, rows, columns].
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
  const Out offsets = g.reshape(n.in(2), Shape{shape[0], offset_groups, places, 2, rows, columns});
  const Out at = g.add(offsets, g.floats(type, {1, 1, places, 2, rows, columns}, base));
  const Out mask = n.has(4) ? g.reshape(n.in(4), Shape{shape[0], offset_groups, -1, 1}) : Out{};
  const Out x = n.in(0, channels_last(4));
  const int64_t each = shape[1] / offset_groups;
  Outs sampled;
  for (int64_t group = 0; group < offset_groups; ++group) {
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
    if (n.has(4)) values = g.mul(values, g.gather(mask, g.int_scalar(group), 1));
    sampled.push_back(values);
  }
  // [batch, places, rows * columns, channels] -> [batch, rows * columns, channels, places]
  const Out all = g.transpose(
      g.reshape(g.concat(sampled, 2), Shape{shape[0], places, rows * columns, shape[1]}),
      {0, 2, 3, 1});
  const int64_t inputs = shape[1] / groups, outputs = filters[0] / groups;
  Outs results;
  for (int64_t group = 0; group < groups; ++group) {
    const Out own = g.reshape(g.slice(all, 2, group * inputs, (group + 1) * inputs),
                              Shape{shape[0], rows * columns, inputs * places});
    const Out matrix = g.reshape(g.slice(n.in(1), 0, group * outputs, (group + 1) * outputs),
                                 Shape{outputs, inputs * places});
    results.push_back(matrix_product(g, own, matrix, false, true));
  }
  Out y = g.reshape(g.concat(results, 2), Shape{shape[0], rows, columns, filters[0]});
  if (n.has(3)) y = g.add(y, n.in(3));
  n.out(y, channels_last(4));
}

// --- Col2Im
// ---------------------------------------------------------------------------------------

void emit_col2im(const Emission& n) {
  Graph& g = n.g;
  const Shape image = n.integers(1, "sizes"), kernel = n.integers(2, "sizes");
  const Shape shape = n.static_shape(0);
  const Windows w = read_windows(n, image, kernel);
  const int64_t places = element_count(kernel), windows = element_count(w.output);
  const int64_t channels = shape[1] / places;
  // [batch, channels, places, windows] -> [windows, places, batch * channels]
  const Out apart = g.reshape(n.in(0), Shape{shape[0] * channels, places, windows});
  const Out rows =
      g.reshape(g.transpose(apart, {2, 1, 0}), Shape{windows * places, shape[0] * channels});
  const Out sums = g.compute("UnsortedSegmentSum", {rows, g.longs(window_positions(w, false)),
                                                    g.long_scalar(element_count(image))});
  Shape result{shape[0], channels};
  result.insert(result.end(), image.begin(), image.end());
  n.out(g.reshape(g.transpose(sums, {1, 0}), result));
}

}  // namespace

std::vector<OperatorEntry> sampling_operators() {
  return {
      {"AffineGrid", emit_affine_grid}, {"Col2Im", emit_col2im},
      {"DeformConv", emit_deform_conv}, {"GridSample", emit_grid_sample},
      {"RoiAlign", emit_roi_align},
  };
}

}  // namespace dnnbench::tf
