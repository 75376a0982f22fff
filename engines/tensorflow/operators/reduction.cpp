// Sums, means, extremes and norms over dimensions; running sums; the k largest.
#include <algorithm>

#include "operators.h"
#include "semantics/axes.h"
#include "semantics/reductions.h"
#include "semantics/softmax.h"

namespace dnnbench::tf {
namespace {

// Where and how to reduce: axes as a constant of stored dimensions, or a tensor of logical ones.
struct Reduction {
  Out x;
  Out axes;
  bool keep = true;
  bool nothing = false;     // no axis is reduced
  Permutation permutation;  // of the result
};

// What is left of an order when dimensions go.
Permutation without(const Permutation& permutation, const std::vector<int64_t>& axes) {
  Permutation rest;
  for (const int axis : permutation) {
    if (std::count(axes.begin(), axes.end(), axis) != 0) continue;
    const auto before =
        std::count_if(axes.begin(), axes.end(), [&](int64_t a) { return a < axis; });
    rest.push_back(axis - static_cast<int>(before));
  }
  return rest;
}

semantics::Reduction read_extent(const Operation& op) {
  if (!op.has(1)) return semantics::read_reduction(op.node, {});
  const auto shape = op.find_shape(1);
  semantics::AxesInput axes;
  if (shape && shape->size() == 1 && (*shape)[0] >= 0) axes.count = (*shape)[0];
  axes.values = op.find_integers(1);
  return semantics::read_reduction(op.node, axes);
}

// Of a logical x whose rank may not be known.
Out axes_tensor(const Operation& op, const semantics::Reduction& reduction, Out x) {
  using Extent = semantics::Reduction::Extent;
  if (reduction.extent == Extent::kAxesAtRunTime) return op.in(1);
  if (reduction.extent != Extent::kAll) return op.g.ints(reduction.axes);
  return op.g.range(op.g.int_scalar(0), op.g.call("Rank", {x}), op.g.int_scalar(1));
}

Reduction read_reduction(const Operation& op) {
  using Extent = semantics::Reduction::Extent;
  const semantics::Reduction read = read_extent(op);
  Reduction r;
  r.keep = read.keep_dims;
  r.nothing = read.extent == Extent::kNothing;
  if (read.extent == Extent::kAxesAtRunTime || !op.find_shape(0)) {
    r.x = op.in(0);
    r.axes = axes_tensor(op, read, r.x);
    return r;
  }
  const std::vector<int64_t> axes = semantics::reduced_axes(read, op.rank(0));
  const Permutation order = op.order(0);
  r.x = op.in(0, order);
  std::vector<int64_t> places;
  for (const int64_t axis : axes) places.push_back(Operation::stored(order, axis));
  r.axes = op.g.ints(places);
  r.permutation = r.keep ? order : without(order, axes);
  return r;
}

Out reduce(const Operation& op, const Reduction& r, const char* operation, Out x) {
  return op.g.compute(operation, {x, r.axes}, {{"keep_dims", r.keep}});
}

using Apply = Out (*)(Graph&, Out);

// after(reduce(before(x))).
EmitOperator reduction(const char* operation, Apply before = nullptr, Apply after = nullptr) {
  return [=](const Operation& op) {
    const Reduction r = read_reduction(op);
    Out y = before == nullptr ? r.x : before(op.g, r.x);
    if (!r.nothing) y = reduce(op, r, operation, y);
    if (after != nullptr) y = after(op.g, y);
    op.out(y, r.permutation);
  };
}

void emit_extreme(const Operation& op, const char* operation) {
  const Reduction r = read_reduction(op);
  if (r.nothing) return op.out(r.x, r.permutation);
  if (op.type(0) == TF_BOOL) {
    const bool greatest = std::string(operation) == "Max";
    op.out(op.g.call(greatest ? "Any" : "All", {r.x, r.axes}, {{"keep_dims", r.keep}}),
           r.permutation);
    return;
  }
  op.out(reduce(op, r, operation, r.x), r.permutation);
}

Out absolute(Graph& g, Out x) { return g.compute("Abs", {x}); }
Out square(Graph& g, Out x) { return g.compute("Square", {x}); }
Out root(Graph& g, Out x) {
  // Integers are rooted as ONNX Runtime does it, in floating point.
  const TF_DataType type = Graph::type(x);
  if (type == TF_INT32 || type == TF_INT64) {
    return g.cast(g.compute("Sqrt", {g.cast(x, TF_DOUBLE)}), type);
  }
  return g.compute("Sqrt", {x});
}
Out logarithm(Graph& g, Out x) { return g.compute("Log", {x}); }

// log(sum(e^x)), with the greatest taken out so that nothing overflows.
void emit_log_sum_exp(const Operation& op) {
  Graph& g = op.g;
  const Reduction r = read_reduction(op);
  if (r.nothing) return op.out(r.x, r.permutation);
  const Out greatest = g.compute("Max", {r.x, r.axes}, {{"keep_dims", true}});
  const Out finite = g.compute("IsFinite", {greatest});
  const Out shift = g.select(finite, greatest, g.call("ZerosLike", {greatest}));
  const Out sum = reduce(op, r, "Sum", g.compute("Exp", {g.sub(r.x, shift)}));
  Out back = shift;
  if (!r.keep) back = reduce(op, r, "Max", shift);
  op.out(g.add(g.compute("Log", {sum}), back), r.permutation);
}

void emit_arg(const Operation& op, const char* operation) {
  Graph& g = op.g;
  const semantics::ExtremeIndex read = semantics::read_extreme_index(op.node);
  const int64_t axis = semantics::axis_from_start(read.axis, op.rank(0));
  const Permutation order = op.order(0);
  const int64_t place = Operation::stored(order, axis);
  Out x = op.in(0, order);
  if (read.last) x = g.call("ReverseV2", {x, g.ints({place})});
  Out index = g.compute(operation, {x, g.int_scalar(place)}, {{"output_type", TF_INT64}});
  if (read.last) index = g.sub(g.sub(g.size_of(x, place), g.long_scalar(1)), index);
  if (read.keep_dims) return op.out(g.expand_dims(index, place), order);
  op.out(index, without(order, {axis}));
}

void emit_cumulative(const Operation& op, const char* operation) {
  const Out axis = op.g.reshape(op.in(1), Shape{});
  op.out(op.g.compute(operation, {op.in(0), axis},
                      {{"exclusive", op.integer("exclusive", 0) != 0},
                       {"reverse", op.integer("reverse", 0) != 0}}));
}

// Order reversed, exactly, for the k smallest.
Out reversed_order(Graph& g, Out x) {
  return is_floating(Graph::type(x)) ? g.compute("Neg", {x}) : g.call("Invert", {x});
}

void emit_top_k(const Operation& op) {
  Graph& g = op.g;
  const size_t rank = op.rank(0);
  const int64_t axis = op.axis("axis", -1, rank);
  Permutation order = spelled_out({}, rank);
  std::swap(order[static_cast<size_t>(axis)], order.back());
  Out x = op.in(0, order);
  const bool largest = op.integer("largest", 1) != 0;
  if (!largest) x = reversed_order(g, x);
  const Out k =
      op.has(1) ? g.reshape(g.cast(op.in(1), TF_INT32), Shape{}) : g.int_scalar(op.integer("k", 0));
  const Outs best = g.call_all("TopKV2", {x, k}, {{"sorted", true}, {"index_type", TF_INT64}});
  op.out(0, largest ? best[0] : reversed_order(g, best[0]), order);
  op.out(1, best[1], order);
}

// The matrix whose columns are that axis and all that follow.
Shape as_matrix(const Shape& shape, int64_t axis) {
  const auto rows = std::span(shape).first(static_cast<size_t>(axis));
  return {element_count(rows), element_count(std::span(shape).subspan(rows.size()))};
}

// Softmax and its logarithm.
void emit_softmax(const Operation& op, const char* operation) {
  Graph& g = op.g;
  const size_t rank = op.rank(0);
  const semantics::Softmax softmax = semantics::read_softmax(op.node, rank);
  const int64_t axis = softmax.axis;
  if (softmax.flattens) {
    const Shape shape = op.static_shape(0);
    const Out matrix = g.reshape(op.in(0), as_matrix(shape, axis));
    return op.out(g.reshape(g.compute(operation, {matrix}), shape));
  }
  if (rank == 0)
    return op.out(g.reshape(g.compute(operation, {g.reshape(op.in(0), Shape{1})}), Shape{}));
  Permutation order = op.order(0);
  if (Operation::stored(order, axis) + 1 != static_cast<int64_t>(rank)) {
    order = spelled_out({}, rank);
    order.erase(order.begin() + axis);
    order.push_back(static_cast<int>(axis));
  }
  op.out(g.compute(operation, {op.in(0, order)}), order);
}

void emit_hardmax(const Operation& op) {
  Graph& g = op.g;
  const semantics::Softmax softmax = semantics::read_softmax(op.node, op.rank(0));
  const Shape shape = op.static_shape(0);
  const Shape computed = softmax.flattens ? as_matrix(shape, softmax.axis) : shape;
  const int64_t axis = softmax.flattens ? 1 : softmax.axis;
  const Out x = softmax.flattens ? g.reshape(op.in(0), computed) : op.in(0);
  const Out index = g.compute("ArgMax", {x, g.int_scalar(axis)}, {{"output_type", TF_INT64}});
  const Out one = g.scalar(op.type(0), 1), zero = g.scalar(op.type(0), 0);
  const Out hot =
      g.call("OneHot", {index, g.int_scalar(computed[static_cast<size_t>(axis)]), one, zero},
             {{"axis", axis}});
  op.out(softmax.flattens ? g.reshape(hot, shape) : hot);
}

}  // namespace

Operators reduction_operators() {
  return {
      {"ArgMax", [](const Operation& op) { emit_arg(op, "ArgMax"); }},
      {"ArgMin", [](const Operation& op) { emit_arg(op, "ArgMin"); }},
      {"CumProd", [](const Operation& op) { emit_cumulative(op, "Cumprod"); }},
      {"CumSum", [](const Operation& op) { emit_cumulative(op, "Cumsum"); }},
      {"Hardmax", emit_hardmax},
      {"LogSoftmax", [](const Operation& op) { emit_softmax(op, "LogSoftmax"); }},
      {"ReduceL1", reduction("Sum", absolute)},
      {"ReduceL2", reduction("Sum", square, root)},
      {"ReduceLogSum", reduction("Sum", nullptr, logarithm)},
      {"ReduceLogSumExp", emit_log_sum_exp},
      {"ReduceMax", [](const Operation& op) { emit_extreme(op, "Max"); }},
      {"ReduceMean", reduction("Mean")},
      {"ReduceMin", [](const Operation& op) { emit_extreme(op, "Min"); }},
      {"ReduceProd", reduction("Prod")},
      {"ReduceSum", reduction("Sum")},
      {"ReduceSumSquare", reduction("Sum", square)},
      {"Softmax", [](const Operation& op) { emit_softmax(op, "Softmax"); }},
      {"TopK", emit_top_k},
  };
}

}  // namespace dnnbench::tf
