// Operators of detectors: RoiAlign and MaxRoiPool pool regions of a picture that are given as
// corners.
#include <optional>

#include "core/error.h"
#include "operators.h"
#include "semantics/sampling.h"

namespace dnnbench::tf {
namespace {

// Sampling points along one dimension of each region.
struct Samples {
  Out at;     // [regions, bins * most]: where, bin by bin
  Out there;  // [regions or 1, bins * most], bool: those that the region has
  Out most;   // int64[]: how many a bin has room for
  Out count;  // [regions or 1, 1]: how many a bin of the region has
};

Samples make_samples(Graph& g, Out start, Out length, int64_t bins, int64_t given) {
  const TF_DataType type = Graph::type(start);
  const auto number = [&](double value) { return g.scalar(type, value); };
  const Out bin_count = number(static_cast<double>(bins));
  Samples s;
  // Without a number, as many as a bin has elements.
  s.count = given > 0 ? g.reshape(number(static_cast<double>(given)), Shape{1, 1})
                      : g.expand_dims(g.compute("Ceil", {g.div(length, bin_count)}), 1);
  const Out least = g.maximum(g.reduce("Max", s.count, {0, 1}, false), number(1));
  s.most = given > 0 ? g.long_scalar(given) : g.cast(least, TF_INT64);
  const Out all = g.range(g.long_scalar(0), g.mul(g.long_scalar(bins), s.most), g.long_scalar(1));
  const Out bin = g.cast(g.compute("FloorDiv", {all, s.most}), type);
  const Out within = g.cast(g.compute("FloorMod", {all, s.most}), type);
  const Out part =
      g.div(g.add(g.expand_dims(within, 0), number(0.5)), g.maximum(s.count, number(1)));
  const Out place = g.div(g.add(g.expand_dims(bin, 0), part), bin_count);
  s.at = g.add(g.expand_dims(start, 1), g.mul(g.expand_dims(length, 1), place));
  s.there = g.less(g.expand_dims(within, 0), s.count);
  return s;
}

// What a point takes of its two neighbours; beyond one element outside nothing counts.
struct Neighbour {
  Out index;
  Out weight;
};

std::vector<Neighbour> neighbours_of(Graph& g, Out x, int64_t size) {
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

// Each point's value: [regions, rows' points, columns' points, channels].
Out sample(const Operation& op, const Samples& y, const Samples& x, bool greatest) {
  Graph& g = op.g;
  const Shape shape = op.static_shape(0);
  const Out batch = g.reshape(g.cast(op.in(2), TF_INT64), Shape{-1, 1, 1});
  const Out all = g.reshape(op.in(0, channels_last(4)), Shape{-1, shape[1]});
  std::optional<Out> result;
  for (const Neighbour& v : neighbours_of(g, y.at, shape[2])) {
    for (const Neighbour& h : neighbours_of(g, x.at, shape[3])) {
      const Out row =
          g.add(g.mul(batch, g.long_scalar(shape[2])), g.expand_dims(g.cast(v.index, TF_INT64), 2));
      const Out place =
          g.add(g.mul(row, g.long_scalar(shape[3])), g.expand_dims(g.cast(h.index, TF_INT64), 1));
      const Out weight = g.mul(g.expand_dims(v.weight, 2), g.expand_dims(h.weight, 1));
      const Out part = g.mul(g.gather(all, place, 0), g.expand_dims(weight, 3));
      result = !result ? part : greatest ? g.maximum(*result, part) : g.add(*result, part);
    }
  }
  return *result;
}

void emit_roi_align(const Operation& op) {
  Graph& g = op.g;
  const semantics::RoiAlign align = semantics::read_roi_align(op.node);
  const int64_t rows = align.rows, columns = align.columns, given = align.samples;
  const Out scaled = g.mul(op.in(1), g.scalar_like(op.in(1), align.scale));
  const Out corners = align.half_pixel ? g.sub(scaled, g.scalar_like(scaled, 0.5)) : scaled;
  const auto column = [&](int64_t i) { return g.gather(corners, g.int_scalar(i), 1); };
  const auto length = [&](int64_t begin, int64_t end) {
    const Out size = g.sub(column(end), column(begin));
    return align.half_pixel ? size : g.maximum(size, g.scalar_like(size, 1));
  };
  const Samples y = make_samples(g, column(1), length(1, 3), rows, given);
  const Samples x = make_samples(g, column(0), length(0, 2), columns, given);
  const bool greatest = align.takes_max;
  Out points = sample(op, y, x, greatest);
  const TF_DataType type = Graph::type(points);
  const Out there = g.expand_dims(
      g.call("LogicalAnd", {g.expand_dims(y.there, 2), g.expand_dims(x.there, 1)}), 3);
  points = g.select(there, points, g.scalar(type, greatest ? -1e30 : 0));
  const auto whole = [&](int64_t size) { return g.long_scalar(size); };
  const Out shape = g.call(
      "Pack",
      {Outs{whole(-1), whole(rows), y.most, whole(columns), x.most, whole(op.static_shape(0)[1])}},
      {{"axis", int64_t{0}}});
  const Out bins = g.reshape(points, shape);
  const auto spread = [&](Out each) { return g.reshape(each, Shape{-1, 1, 1, 1}); };
  const Out count = g.mul(spread(y.count), spread(x.count)), one = g.scalar(type, 1);
  Out result = g.reduce(greatest ? "Max" : "Sum", bins, {2, 4}, false);
  if (!greatest) result = g.div(result, g.maximum(count, one));
  // A region without extent has no points.
  if (given <= 0 && greatest) result = g.select(g.less(count, one), g.scalar(type, 0), result);
  op.out(result, channels_last(4));
}

// --- MaxRoiPool
// -----------------------------------------------------------------------------------

// Whether each element of a dimension lies in each bin: bool [bins, size]. Corners are int64[].
Out bins_of(Graph& g, Out start, Out end, int64_t bins, int64_t size) {
  const auto whole = [&](int64_t value) { return g.long_scalar(value); };
  const Out length = g.maximum(g.add(g.sub(end, start), whole(1)), whole(1));
  const Out bin = g.range(whole(0), whole(bins), whole(1));
  const Out first = g.add(g.compute("FloorDiv", {g.mul(bin, length), whole(bins)}), start);
  const Out after = g.mul(g.add(bin, whole(1)), length);
  const Out last =
      g.add(g.compute("FloorDiv", {g.add(after, whole(bins - 1)), whole(bins)}), start);
  const Out at = g.expand_dims(g.range(whole(0), whole(size), whole(1)), 0);
  return g.call("LogicalAnd", {g.compute("GreaterEqual", {at, g.expand_dims(first, 1)}),
                               g.less(at, g.expand_dims(last, 1))});
}

// x [channels, height, width], region f32[5] -> [channels, rows, columns]
Out pool_region(Graph& g, Out x, Out region, const std::vector<int64_t>& bins, double scale) {
  const TF_DataType type = Graph::type(x);
  const auto corner = [&](int64_t i) {
    const Out at = g.mul(g.gather(region, g.int_scalar(i), 0), g.scalar_like(region, scale));
    // Half away from zero, as ONNX Runtime rounds.
    const Out half = g.scalar_like(at, 0.5);
    const Out up = g.compute("Floor", {g.add(g.compute("Abs", {at}), half)});
    return g.cast(g.mul(g.compute("Sign", {at}), up), TF_INT64);
  };
  const Shape shape = g.shape(x);
  const Out low = g.scalar(type, -1e38);
  const Out rows = bins_of(g, corner(2), corner(4), bins[0], shape[1]);
  const Out columns = bins_of(g, corner(1), corner(3), bins[1], shape[2]);
  // [channels, rows, height, width], then [channels, rows, columns, width]
  const Out rows_mask = g.expand_dims(rows, 2), columns_mask = g.expand_dims(columns, 0);
  Out y = g.reduce("Max", g.select(rows_mask, g.expand_dims(x, 1), low), {2}, false);
  y = g.reduce("Max", g.select(columns_mask, g.expand_dims(y, 2), low), {3}, false);
  return g.select(g.equal(y, low), g.scalar(type, 0), y);
}

// A region after the other: all at once would be a mask of the picture for each.
void emit_max_roi_pool(const Operation& op) {
  Graph& g = op.g;
  const auto bins = op.node.integers("pooled_shape");
  if (bins.size() != 2) throw Unsupported("its pooled_shape has not two sizes");
  if (op.type(0) != TF_FLOAT) throw Unsupported("it pools other elements than f32");
  const Shape shape = op.static_shape(0);
  const double scale = op.number("spatial_scale", 1);
  const Out regions = op.in(1);
  const Shape element{shape[1], bins[0], bins[1]};
  const Out list =
      g.call("EmptyTensorList", {g.ints(element), g.int_scalar(-1)}, {{"element_dtype", TF_FLOAT}});
  const auto condition = [&](Graph& inner, const Outs& v) {
    return inner.less(v[0], inner.size_of(v[3], 0));
  };
  const auto body = [&](Graph& inner, const Outs& v) {
    const Out region = inner.gather(v[3], v[0], 0);
    const Out batch = inner.cast(inner.gather(region, inner.int_scalar(0), 0), TF_INT64);
    const Out y = pool_region(inner, inner.gather(v[2], batch, 0), region, bins, scale);
    const Out longer = inner.call("TensorListPushBack", {v[1], y}, {{"element_dtype", TF_FLOAT}});
    return Outs{inner.add(v[0], inner.long_scalar(1)), longer, v[2], v[3]};
  };
  const Outs results = while_loop(g, {g.long_scalar(0), list, op.in(0), regions}, condition, body,
                                  {Shape{}, Shape{}, shape, g.find_shape(regions)});
  op.out(g.call("TensorListStack", {results[1], g.ints(element)}, {{"element_dtype", TF_FLOAT}}));
}

// --- NonMaxSuppression

// [y1, x1, y2, x2] of [x, y, width, height].
Out corners_of(Graph& g, Out boxes) {
  const auto column = [&](int64_t i) { return g.gather(boxes, g.int_scalar(i), 1); };
  const Out half = g.scalar_like(boxes, 0.5);
  const Out dx = g.mul(column(2), half), dy = g.mul(column(3), half);
  const Outs sides{g.sub(column(1), dy), g.sub(column(0), dx), g.add(column(1), dy),
                   g.add(column(0), dx)};
  return g.call("Pack", {sides}, {{"axis", int64_t{1}}});
}

void emit_non_max_suppression(const Operation& op) {
  Graph& g = op.g;
  const Shape scores = op.static_shape(1);
  constexpr int64_t kMaxParts = 4096;
  if (scores[0] * scores[1] > kMaxParts) throw Unsupported("it has too many batches and classes");
  const auto scalar = [&](size_t i, TF_DataType type, double otherwise) {
    return op.has(i) ? g.cast(g.reshape(op.in(i), Shape{}), type) : g.scalar(type, otherwise);
  };
  const Out most = scalar(2, TF_INT32, 0);
  const Out overlap = scalar(3, TF_FLOAT, 0);
  const Out threshold = scalar(4, TF_FLOAT, -3.4028234663852886e38);
  Outs parts;
  for (int64_t batch = 0; batch < scores[0]; ++batch) {
    Out boxes = g.gather(op.in(0), g.int_scalar(batch), 0);
    if (op.integer("center_point_box", 0) != 0) boxes = corners_of(g, boxes);
    const Out of_batch = g.gather(op.in(1), g.int_scalar(batch), 0);
    for (int64_t kind = 0; kind < scores[1]; ++kind) {
      const Out kept =
          g.call("NonMaxSuppressionV3",
                 {boxes, g.gather(of_batch, g.int_scalar(kind), 0), most, overlap, threshold});
      const Out column = g.expand_dims(g.cast(kept, TF_INT64), 1);
      const Out label =
          g.call("Tile", {g.reshape(g.longs({batch, kind}), Shape{1, 2}),
                          g.concat({g.expand_dims(g.size_of(kept, 0), 0), g.longs({1})}, 0)});
      parts.push_back(g.concat({label, column}, 1));
    }
  }
  op.out(parts.empty() ? g.reshape(g.longs({}), Shape{0, 3}) : g.concat(parts, 0));
}

}  // namespace

Operators detection_operators() {
  return {
      {"MaxRoiPool", emit_max_roi_pool},
      {"NonMaxSuppression", emit_non_max_suppression},
      {"RoiAlign", emit_roi_align},
  };
}

}  // namespace dnnbench::tf
