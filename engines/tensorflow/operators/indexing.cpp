// What picks elements by index, condition or score.
#include <algorithm>

#include "core/error.h"
#include "indices.h"
#include "operators.h"

namespace dnnbench::tf {

Out from_start(const Operation& n, size_t input, Out size) {
  Graph& g = n.g;
  if (const auto known = n.find_integers(input)) {
    if (std::all_of(known->begin(), known->end(), [](int64_t i) { return i >= 0; })) {
      return n.in(input);
    }
  }
  const Out indices = n.in(input);
  const Out zero = g.scalar_like(indices, 0);
  return g.select(g.less(indices, zero), g.add(indices, g.cast(size, Graph::type(indices))),
                  indices);
}

Out all_places(Graph& g, Out indices, int64_t axis) {
  const size_t rank = g.rank(indices);
  const Out shape = g.shape_tensor(indices);
  Outs places;
  for (size_t i = 0; i < rank; ++i) {
    const auto dimension = static_cast<int64_t>(i);
    if (dimension == axis) {
      places.push_back(g.cast(indices, TF_INT64));
      continue;
    }
    Shape along(rank, 1);
    along[i] = -1;
    const Out range = g.range(g.long_scalar(0), g.size_of(indices, dimension), g.long_scalar(1));
    places.push_back(g.call("BroadcastTo", {g.reshape(range, along), shape}));
  }
  return g.call("Pack", {places}, {{"axis", static_cast<int64_t>(rank)}});
}

Out places_from_start(Graph& g, Out indices, Out tensor) {
  const Shape shape = g.shape(indices);
  if (shape.empty() || shape.back() < 0) {
    throw Unsupported("the number of its indices is not known before it runs");
  }
  indices = g.cast(indices, TF_INT64);
  const Out sizes = g.slice(g.shape_tensor(tensor), 0, 0, shape.back());
  return g.select(g.less(indices, g.long_scalar(0)), g.add(indices, sizes), indices);
}

Out sorting(Graph& g, Out vector) {
  const TF_DataType type = Graph::type(vector);
  const bool floating =
      type == TF_FLOAT || type == TF_DOUBLE || type == TF_HALF || type == TF_BFLOAT16;
  const Out reversed = floating ? g.compute("Neg", {vector}) : g.call("Invert", {vector});
  const Out count = g.cast(g.size_of(vector, 0), TF_INT32);
  return g.call_all("TopKV2", {reversed, count}, {{"sorted", true}, {"index_type", TF_INT64}})[1];
}

namespace {

void emit_gather(const Operation& n) {
  Graph& g = n.g;
  const size_t rank = n.rank(0);
  const int64_t axis = n.axis("axis", 0, rank);
  const size_t index_rank = n.rank(1);
  const Permutation order = index_rank <= 1 ? n.order(0) : Permutation{};
  const Out x = n.in(0, order);
  const int64_t place = Operation::stored(order, axis);
  const Out indices = from_start(n, 1, g.size_of(x, place));
  Permutation result = order;
  if (index_rank == 0 && !order.empty()) {
    result.clear();
    for (const int one : order) {
      if (one != axis) result.push_back(one > axis ? one - 1 : one);
    }
  }
  n.out(g.gather(x, indices, place), result);
}

void emit_gather_elements(const Operation& n) {
  Graph& g = n.g;
  const int64_t axis = n.axis("axis", 0, n.rank(0));
  const Out x = n.in(0);
  n.out(g.call("GatherNd", {x, all_places(g, from_start(n, 1, g.size_of(x, axis)), axis)}));
}

// The first dimensions of both are a batch: their own numbers are put before the indices.
void emit_gather_nd(const Operation& n) {
  Graph& g = n.g;
  const auto batch = static_cast<size_t>(n.integer("batch_dims", 0));
  const Out x = n.in(0);
  Out indices = g.cast(n.in(1), TF_INT64);
  const Shape shape = g.shape(indices);
  if (shape.back() < 0) throw Unsupported("the number of its indices is not known before it runs");
  Outs parts;
  for (size_t i = 0; i < batch; ++i) {
    Shape along(shape.size(), 1);
    along[i] = -1;
    const auto axis = static_cast<int64_t>(i);
    const Out range = g.range(g.long_scalar(0), g.size_of(indices, axis), g.long_scalar(1));
    const auto last = static_cast<int64_t>(shape.size()) - 1;
    const Out sizes = g.concat({g.slice(g.shape_tensor(indices), 0, 0, last), g.longs({1})}, 0);
    parts.push_back(g.call("BroadcastTo", {g.reshape(range, along), sizes}));
  }
  parts.push_back(indices);
  const Out whole = g.concat(parts, static_cast<int64_t>(shape.size()) - 1);
  n.out(g.call("GatherNd", {x, places_from_start(g, whole, x)}));
}

void emit_one_hot(const Operation& n) {
  Graph& g = n.g;
  const Out depth = g.cast(g.reshape(n.in(1), Shape{}), TF_INT64);
  Out indices = g.cast(n.in(0), TF_INT64);
  indices = g.select(g.less(indices, g.long_scalar(0)), g.add(indices, depth), indices);
  const Out values = n.in(2);
  const Out off = g.gather(values, g.int_scalar(0), 0), on = g.gather(values, g.int_scalar(1), 0);
  const size_t rank = n.rank(0);
  int64_t axis = n.integer("axis", -1);
  if (axis < 0) axis += static_cast<int64_t>(rank) + 1;
  n.out(g.call("OneHot", {indices, g.cast(depth, TF_INT32), on, off},
               {{"axis", axis == static_cast<int64_t>(rank) ? int64_t{-1} : axis}}));
}

void emit_non_zero(const Operation& n) {
  Graph& g = n.g;
  Out x = n.in(0);
  if (n.rank(0) == 0) x = g.reshape(x, Shape{1});
  if (Graph::type(x) != TF_BOOL) x = g.compute("NotEqual", {x, g.scalar_like(x, 0)});
  n.out(g.transpose(g.call("Where", {x}), {1, 0}));
}

void emit_compress(const Operation& n) {
  Graph& g = n.g;
  const bool flat = n.node.attribute("axis") == nullptr;
  const Out x = flat ? g.reshape(n.in(0), Shape{-1}) : n.in(0);
  const int64_t axis = flat ? 0 : n.axis("axis", 0, n.rank(0));
  const Out chosen = g.reshape(g.call("Where", {n.in(1)}), Shape{-1});
  n.out(g.gather(x, chosen, axis));
}

void emit_reverse_sequence(const Operation& n) {
  n.out(n.g.call(
      "ReverseSequence", {n.in(0), n.in(1)},
      {{"seq_dim", n.integer("time_axis", 0)}, {"batch_dim", n.integer("batch_axis", 1)}}));
}

// The permutation that sorts the rows of a matrix by their elements, the first counting most.
Out sorting_rows(Graph& g, Out rows) {
  const Shape shape = g.shape(rows);
  constexpr int64_t kMaxColumns = 256;
  if (shape[1] < 0 || shape[1] > kMaxColumns)
    throw Unsupported("it sorts slices that are too long");
  Out order = g.range(g.long_scalar(0), g.size_of(rows, 0), g.long_scalar(1));
  for (int64_t column = shape[1]; column-- > 0;) {
    const Out keys = g.gather(g.gather(rows, g.int_scalar(column), 1), order, 0);
    order = g.gather(order, sorting(g, keys), 0);
  }
  return order;
}

void emit_unique(const Operation& n) {
  Graph& g = n.g;
  const bool flat = n.node.attribute("axis") == nullptr;
  const Out x = flat ? g.reshape(n.in(0), Shape{-1}) : n.in(0);
  const int64_t axis = flat ? 0 : n.axis("axis", 0, n.rank(0));
  const Outs found =
      g.call_all("UniqueWithCountsV2", {x, g.longs({axis})}, {{"out_idx", TF_INT64}});
  Out values = found[0], inverse = found[1], counts = found[2];
  const Out total = g.size_of(counts, 0);
  const Out numbers = g.range(g.long_scalar(0), g.size_of(x, axis), g.long_scalar(1));
  Out first = g.call("UnsortedSegmentMin", {numbers, inverse, total});
  if (n.integer("sorted", 1) != 0) {
    Out rows = values;
    if (!flat) {
      const Shape shape = g.shape(x);
      std::vector<int> axes{static_cast<int>(axis)};
      int64_t columns = 1;
      for (size_t i = 0; i < shape.size(); ++i) {
        if (static_cast<int64_t>(i) == axis) continue;
        axes.push_back(static_cast<int>(i));
        columns *= shape[i];
      }
      rows = g.reshape(g.transpose(values, axes), Shape{-1, columns});
    }
    const Out order = flat ? sorting(g, values) : sorting_rows(g, rows);
    values = g.gather(values, order, axis);
    counts = g.gather(counts, order, 0);
    first = g.gather(first, order, 0);
    const Out place = g.call("InvertPermutation", {order});
    inverse = g.gather(place, inverse, 0);
  }
  n.out(0, values);
  n.out(1, first);
  n.out(2, inverse);
  n.out(3, counts);
}

// [y1, x1, y2, x2] of [x, y, width, height].
Out corners(Graph& g, Out boxes) {
  const auto column = [&](int64_t i) { return g.gather(boxes, g.int_scalar(i), 1); };
  const Out half = g.scalar_like(boxes, 0.5);
  const Out dx = g.mul(column(2), half), dy = g.mul(column(3), half);
  const Outs sides{g.sub(column(1), dy), g.sub(column(0), dx), g.add(column(1), dy),
                   g.add(column(0), dx)};
  return g.call("Pack", {sides}, {{"axis", int64_t{1}}});
}

void emit_non_max_suppression(const Operation& n) {
  Graph& g = n.g;
  const Shape scores = n.static_shape(1);
  constexpr int64_t kMaxParts = 4096;
  if (scores[0] * scores[1] > kMaxParts) throw Unsupported("it has too many batches and classes");
  const auto scalar = [&](size_t i, TF_DataType type, double otherwise) {
    return n.has(i) ? g.cast(g.reshape(n.in(i), Shape{}), type) : g.scalar(type, otherwise);
  };
  const Out most = scalar(2, TF_INT32, 0);
  const Out overlap = scalar(3, TF_FLOAT, 0);
  const Out threshold = scalar(4, TF_FLOAT, -3.4028234663852886e38);
  Outs parts;
  for (int64_t batch = 0; batch < scores[0]; ++batch) {
    Out boxes = g.gather(n.in(0), g.int_scalar(batch), 0);
    if (n.integer("center_point_box", 0) != 0) boxes = corners(g, boxes);
    const Out of_batch = g.gather(n.in(1), g.int_scalar(batch), 0);
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
  n.out(parts.empty() ? g.reshape(g.longs({}), Shape{0, 3}) : g.concat(parts, 0));
}

void emit_array_feature_extractor(const Operation& n) {
  const auto last = static_cast<int64_t>(n.rank(0)) - 1;
  Out y = n.g.gather(n.in(0), n.g.reshape(n.in(1), Shape{-1}), last);
  if (last == 0) y = n.g.expand_dims(y, 0);
  n.out(y);
}

void emit_binarizer(const Operation& n) {
  const Out x = n.in(0);
  n.out(n.g.cast(n.g.compute("Greater", {x, n.g.scalar_like(x, n.number("threshold", 0))}),
                 n.type(0)));
}

}  // namespace

std::vector<OperatorEntry> indexing_operators() {
  return {
      {"Compress", emit_compress},
      {"Gather", emit_gather},
      {"GatherElements", emit_gather_elements},
      {"GatherND", emit_gather_nd},
      {"NonMaxSuppression", emit_non_max_suppression},
      {"NonZero", emit_non_zero},
      {"OneHot", emit_one_hot},
      {"ReverseSequence", emit_reverse_sequence},
      {"Unique", emit_unique},
      {"ai.onnx.ml.ArrayFeatureExtractor", emit_array_feature_extractor},
      {"ai.onnx.ml.Binarizer", emit_binarizer},
      {"com.microsoft.GatherND", emit_gather_nd},
  };
}

}  // namespace dnnbench::tf
