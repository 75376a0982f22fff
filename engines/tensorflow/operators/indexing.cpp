// What picks elements, or writes them into a copy, by index or condition.
#include <algorithm>
#include <limits>

#include "core/error.h"
#include "indices.h"
#include "operators.h"
#include "semantics/slices.h"

namespace dnnbench::tf {

Out from_start(const Operation& op, size_t input, Out size) {
  Graph& g = op.g;
  if (const auto known = op.find_integers(input)) {
    if (std::all_of(known->begin(), known->end(), [](int64_t i) { return i >= 0; })) {
      return op.in(input);
    }
  }
  const Out indices = op.in(input);
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
  const Out reversed =
      is_floating(Graph::type(vector)) ? g.compute("Neg", {vector}) : g.call("Invert", {vector});
  const Out count = g.cast(g.size_of(vector, 0), TF_INT32);
  return g.call_all("TopKV2", {reversed, count}, {{"sorted", true}, {"index_type", TF_INT64}})[1];
}

namespace {

void emit_gather(const Operation& op) {
  Graph& g = op.g;
  const size_t rank = op.rank(0);
  const int64_t axis = op.axis("axis", 0, rank);
  const size_t index_rank = op.rank(1);
  const Permutation order = index_rank <= 1 ? op.order(0) : Permutation{};
  const Out x = op.in(0, order);
  const int64_t place = Operation::stored(order, axis);
  const Out indices = from_start(op, 1, g.size_of(x, place));
  Permutation result = order;
  if (index_rank == 0 && !order.empty()) {
    result.clear();
    for (const int one : order) {
      if (one != axis) result.push_back(one > axis ? one - 1 : one);
    }
  }
  op.out(g.gather(x, indices, place), result);
}

void emit_gather_elements(const Operation& op) {
  Graph& g = op.g;
  const int64_t axis = op.axis("axis", 0, op.rank(0));
  const Out x = op.in(0);
  op.out(g.call("GatherNd", {x, all_places(g, from_start(op, 1, g.size_of(x, axis)), axis)}));
}

// The first dimensions of both are a batch: their own numbers are put before the indices.
void emit_gather_nd(const Operation& op) {
  Graph& g = op.g;
  const auto batch = static_cast<size_t>(op.integer("batch_dims", 0));
  const Out x = op.in(0);
  Out indices = g.cast(op.in(1), TF_INT64);
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
  op.out(g.call("GatherNd", {x, places_from_start(g, whole, x)}));
}

// --- Slice

// nullopt where the bounds are known only when it runs.
std::optional<std::vector<semantics::Slice>> known_slices(const Operation& op, size_t rank) {
  if (op.node.opset < 10) {
    return semantics::make_slices(op.node.integers("starts"), op.node.integers("ends"),
                                  op.node.integers("axes"), {}, rank);
  }
  const auto starts = op.find_integers(1), ends = op.find_integers(2);
  const auto axes = op.has(3) ? op.find_integers(3) : std::vector<int64_t>{};
  const auto steps = op.has(4) ? op.find_integers(4) : std::vector<int64_t>{};
  if (!starts || !ends || !axes || !steps) return std::nullopt;
  return semantics::make_slices(*starts, *ends, *axes, *steps, rank);
}

constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();

void slice_known(const Operation& op, const std::vector<semantics::Slice>& slices) {
  Graph& g = op.g;
  const Permutation order = op.order(0);
  const Shape shape = op.shape(0);
  std::vector<int64_t> begins(shape.size(), 0), ends(shape.size(), kEnd), steps(shape.size(), 1);
  int64_t whole = (int64_t{1} << shape.size()) - 1;  // dimensions of which all is taken
  for (const semantics::Slice& given : slices) {
    const int64_t size = shape[static_cast<size_t>(given.axis)];
    const semantics::Slice slice = semantics::as_numpy(given, size < 0 ? kEnd : size);
    const auto axis = static_cast<size_t>(Operation::stored(order, slice.axis));
    begins[axis] = slice.start;
    ends[axis] = slice.end;
    steps[axis] = slice.step;
    whole &= ~(int64_t{1} << axis);
  }
  op.out(g.call("StridedSlice", {op.in(0, order), g.longs(begins), g.longs(ends), g.longs(steps)},
                {{"begin_mask", whole}, {"end_mask", whole}}),
         order);
}

// One value a dimension, `otherwise` where the node names none.
Out spread(Graph& g, Out values, Out axes, size_t rank, int64_t otherwise) {
  return g.call("TensorScatterUpdate", {g.longs(Shape(rank, otherwise)), axes, values});
}

void slice_unknown(const Operation& op) {
  Graph& g = op.g;
  const size_t rank = op.rank(0);
  const Out starts = g.cast(op.in(1), TF_INT64);
  Out axes;
  if (op.has(3)) {
    const Out given = g.cast(op.in(3), TF_INT64);
    const Out size = g.long_scalar(static_cast<int64_t>(rank));
    axes = g.expand_dims(g.compute("FloorMod", {given, size}), 1);
  } else {
    axes = g.expand_dims(g.range(g.long_scalar(0), g.size_of(starts, 0), g.long_scalar(1)), 1);
  }
  // As semantics::as_numpy.
  const Out begins =
      g.maximum(spread(g, starts, axes, rank, 0), g.compute("Neg", {g.shape_tensor(op.in(0))}));
  const Out ends = spread(g, g.cast(op.in(2), TF_INT64), axes, rank, kEnd);
  const Out steps =
      op.has(4) ? spread(g, g.cast(op.in(4), TF_INT64), axes, rank, 1) : g.longs(Shape(rank, 1));
  op.out(g.call("StridedSlice", {op.in(0), begins, ends, steps}));
}

void emit_slice(const Operation& op) {
  const auto slices = known_slices(op, op.rank(0));
  if (slices) return slice_known(op, *slices);
  slice_unknown(op);
}

// --- Scatter

// Products have no operation of their own: all updates of one place are multiplied first.
Out scatter_products(Graph& g, Out x, Out places, Out updates) {
  const Shape shape = g.shape(x), own = g.shape(places);
  const int64_t depth = own.back();
  int64_t slots = 1;
  Shape steps(static_cast<size_t>(depth), 1);
  for (int64_t i = depth; i-- > 0;) {
    if (shape[static_cast<size_t>(i)] < 0)
      throw Unsupported("its input's sizes are not known before it runs");
    steps[static_cast<size_t>(i)] = slots;
    slots *= shape[static_cast<size_t>(i)];
  }
  const Out flat = g.reduce("Sum", g.mul(g.cast(places, TF_INT64), g.longs(steps)),
                            {static_cast<int64_t>(own.size()) - 1}, false);
  const Out factors = g.compute("UnsortedSegmentProd", {updates, flat, g.long_scalar(slots)});
  return g.mul(x, g.reshape(factors, shape));
}

Out scatter(const Operation& op, Out x, Out places, Out updates) {
  Graph& g = op.g;
  const std::string reduction = op.node.text("reduction", "none");
  if (reduction == "mul") return scatter_products(g, x, places, updates);
  const std::string operation = reduction == "none"  ? "TensorScatterUpdate"
                                : reduction == "add" ? "TensorScatterAdd"
                                : reduction == "max" ? "TensorScatterMax"
                                                     : "TensorScatterMin";
  return g.compute(operation, {x, places, updates});
}

void emit_scatter_elements(const Operation& op) {
  Graph& g = op.g;
  const int64_t axis = op.axis("axis", 0, op.rank(0));
  const Out x = op.in(0);
  const Out places = all_places(g, from_start(op, 1, g.size_of(x, axis)), axis);
  op.out(scatter(op, x, places, op.in(2)));
}

void emit_scatter_nd(const Operation& op) {
  const Out x = op.in(0);
  op.out(scatter(op, x, places_from_start(op.g, op.in(1), x), op.in(2)));
}

// Writes a sequence of new entries into a cache, beginning at an index for each batch.
void emit_tensor_scatter(const Operation& op) {
  Graph& g = op.g;
  const Out cache = op.in(0), update = op.in(1);
  const Shape shape = op.static_shape(0), own = op.static_shape(1);
  const int64_t axis = op.axis("axis", -2, shape.size());
  Shape along(shape.size(), 1), batch(shape.size(), 1);
  along[static_cast<size_t>(axis)] = own[static_cast<size_t>(axis)];
  batch[0] = -1;
  const Out numbers = g.reshape(
      g.range(g.long_scalar(0), g.long_scalar(own[static_cast<size_t>(axis)]), g.long_scalar(1)),
      along);
  Out at = numbers;
  if (op.has(2)) at = g.add(numbers, g.reshape(g.cast(op.in(2), TF_INT64), batch));
  if (op.node.text("mode", "linear") == "circular") {
    at = g.compute("FloorMod", {at, g.long_scalar(shape[static_cast<size_t>(axis)])});
  }
  at = g.call("BroadcastTo", {at, g.longs(own)});
  op.out(g.compute("TensorScatterUpdate", {cache, all_places(g, at, axis), update}));
}

void emit_one_hot(const Operation& op) {
  Graph& g = op.g;
  const Out depth = g.cast(g.reshape(op.in(1), Shape{}), TF_INT64);
  Out indices = g.cast(op.in(0), TF_INT64);
  indices = g.select(g.less(indices, g.long_scalar(0)), g.add(indices, depth), indices);
  const Out values = op.in(2);
  const Out off = g.gather(values, g.int_scalar(0), 0), on = g.gather(values, g.int_scalar(1), 0);
  const size_t rank = op.rank(0);
  int64_t axis = op.integer("axis", -1);
  if (axis < 0) axis += static_cast<int64_t>(rank) + 1;
  op.out(g.call("OneHot", {indices, g.cast(depth, TF_INT32), on, off},
                {{"axis", axis == static_cast<int64_t>(rank) ? int64_t{-1} : axis}}));
}

void emit_non_zero(const Operation& op) {
  Graph& g = op.g;
  Out x = op.in(0);
  if (op.rank(0) == 0) x = g.reshape(x, Shape{1});
  if (Graph::type(x) != TF_BOOL) x = g.compute("NotEqual", {x, g.scalar_like(x, 0)});
  op.out(g.transpose(g.call("Where", {x}), {1, 0}));
}

void emit_compress(const Operation& op) {
  Graph& g = op.g;
  const bool flat = op.node.attribute("axis") == nullptr;
  const Out x = flat ? g.reshape(op.in(0), Shape{-1}) : op.in(0);
  const int64_t axis = flat ? 0 : op.axis("axis", 0, op.rank(0));
  const Out chosen = g.reshape(g.call("Where", {op.in(1)}), Shape{-1});
  op.out(g.gather(x, chosen, axis));
}

void emit_reverse_sequence(const Operation& op) {
  op.out(op.g.call(
      "ReverseSequence", {op.in(0), op.in(1)},
      {{"seq_dim", op.integer("time_axis", 0)}, {"batch_dim", op.integer("batch_axis", 1)}}));
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

void emit_unique(const Operation& op) {
  Graph& g = op.g;
  const bool flat = op.node.attribute("axis") == nullptr;
  const Out x = flat ? g.reshape(op.in(0), Shape{-1}) : op.in(0);
  const int64_t axis = flat ? 0 : op.axis("axis", 0, op.rank(0));
  const Outs found =
      g.call_all("UniqueWithCountsV2", {x, g.longs({axis})}, {{"out_idx", TF_INT64}});
  Out values = found[0], inverse = found[1], counts = found[2];
  const Out total = g.size_of(counts, 0);
  const Out numbers = g.range(g.long_scalar(0), g.size_of(x, axis), g.long_scalar(1));
  Out first = g.call("UnsortedSegmentMin", {numbers, inverse, total});
  if (op.integer("sorted", 1) != 0) {
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
  op.out(0, values);
  op.out(1, first);
  op.out(2, inverse);
  op.out(3, counts);
}

}  // namespace

Operators indexing_operators() {
  return {
      {"Compress", emit_compress},
      {"Gather", emit_gather},
      {"GatherElements", emit_gather_elements},
      {"GatherND", emit_gather_nd},
      {"NonZero", emit_non_zero},
      {"OneHot", emit_one_hot},
      {"ReverseSequence", emit_reverse_sequence},
      {"Scatter", emit_scatter_elements},
      {"ScatterElements", emit_scatter_elements},
      {"ScatterND", emit_scatter_nd},
      {"Slice", emit_slice},
      {"TensorScatter", emit_tensor_scatter},
      {"Unique", emit_unique},
      {"com.microsoft.GatherND", emit_gather_nd},
  };
}

}  // namespace dnnbench::tf
