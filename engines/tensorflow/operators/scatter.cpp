// What writes into a copy of a tensor.
#include "core/error.h"
#include "indices.h"
#include "operators.h"

namespace dnnbench::tf {
namespace {

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

Out scatter(const Operation& n, Out x, Out places, Out updates) {
  Graph& g = n.g;
  const std::string reduction = n.node.text("reduction", "none");
  if (reduction == "mul") return scatter_products(g, x, places, updates);
  const std::string operation = reduction == "none"  ? "TensorScatterUpdate"
                                : reduction == "add" ? "TensorScatterAdd"
                                : reduction == "max" ? "TensorScatterMax"
                                                     : "TensorScatterMin";
  return g.compute(operation, {x, places, updates});
}

void emit_scatter_elements(const Operation& n) {
  Graph& g = n.g;
  const int64_t axis = n.axis("axis", 0, n.rank(0));
  const Out x = n.in(0);
  const Out places = all_places(g, from_start(n, 1, g.size_of(x, axis)), axis);
  n.out(scatter(n, x, places, n.in(2)));
}

void emit_scatter_nd(const Operation& n) {
  const Out x = n.in(0);
  n.out(scatter(n, x, places_from_start(n.g, n.in(1), x), n.in(2)));
}

// Writes a sequence of new entries into a cache, beginning at an index for each batch.
void emit_tensor_scatter(const Operation& n) {
  Graph& g = n.g;
  const Out cache = n.in(0), update = n.in(1);
  const Shape shape = n.static_shape(0), own = n.static_shape(1);
  const int64_t axis = n.axis("axis", -2, shape.size());
  Shape along(shape.size(), 1), batch(shape.size(), 1);
  along[static_cast<size_t>(axis)] = own[static_cast<size_t>(axis)];
  batch[0] = -1;
  const Out numbers = g.reshape(
      g.range(g.long_scalar(0), g.long_scalar(own[static_cast<size_t>(axis)]), g.long_scalar(1)),
      along);
  Out at = numbers;
  if (n.has(2)) at = g.add(numbers, g.reshape(g.cast(n.in(2), TF_INT64), batch));
  if (n.node.text("mode", "linear") == "circular") {
    at = g.compute("FloorMod", {at, g.long_scalar(shape[static_cast<size_t>(axis)])});
  }
  at = g.call("BroadcastTo", {at, g.longs(own)});
  n.out(g.compute("TensorScatterUpdate", {cache, all_places(g, at, axis), update}));
}

}  // namespace

Operators scatter_operators() {
  return {
      {"Scatter", emit_scatter_elements},
      {"ScatterElements", emit_scatter_elements},
      {"ScatterND", emit_scatter_nd},
      {"TensorScatter", emit_tensor_scatter},
  };
}

}  // namespace dnnbench::tf
