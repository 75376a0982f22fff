// Pad, in all its modes.
#include <algorithm>

#include "operators.h"
#include "semantics/pads.h"

namespace dnnbench::tf {
namespace {

using semantics::Pads;

// nullopt where they are known only when it runs.
std::optional<Pads> known_pads(const Operation& op, size_t rank) {
  if (semantics::pads_are_attributes(op.node)) {
    return semantics::spread_pads(op.node.integers("pads"), {}, rank);
  }
  const auto pads = op.find_integers(1);
  const auto axes = op.has(3) ? op.find_integers(3) : std::vector<int64_t>{};
  if (!pads || !axes) return std::nullopt;
  return semantics::spread_pads(*pads, *axes, rank);
}

// int64[rank, 2], from tensors.
Out pads_table(const Operation& op, size_t rank) {
  Graph& g = op.g;
  const Out pairs = g.transpose(g.reshape(g.cast(op.in(1), TF_INT64), Shape{2, -1}), {1, 0});
  if (!op.has(3)) return pairs;
  const Out size = g.long_scalar(static_cast<int64_t>(rank));
  const Out axes = g.compute("FloorMod", {g.cast(op.in(3), TF_INT64), size});
  const Out zeros = g.reshape(g.longs(Shape(2 * rank, 0)), Shape{static_cast<int64_t>(rank), 2});
  return g.call("TensorScatterUpdate", {zeros, g.expand_dims(axes, 1), pairs});
}

Out padding_value(const Operation& op, Out x) {
  if (semantics::pads_are_attributes(op.node)) return op.g.scalar_like(x, op.number("value", 0));
  return op.has(2) ? op.g.reshape(op.in(2), Shape{})
                   : op.g.call("ZerosLike", {op.g.scalar_like(x, 0)});
}

// The elements that lie at these places along an axis, which may be outside.
Out places_along(Graph& g, Out size, Out before, Out after, const std::string& mode) {
  const Out one = g.long_scalar(1), zero = g.long_scalar(0);
  const Out at = g.range(g.compute("Neg", {before}), g.add(size, after), one);
  if (mode == "wrap") return g.compute("FloorMod", {at, size});
  if (mode == "edge") return g.minimum(g.maximum(at, zero), g.sub(size, one));
  const Out turn = g.sub(size, one);  // reflect: back and forth
  const Out period = g.maximum(g.add(turn, turn), one);
  const Out along = g.compute("FloorMod", {at, period});
  return g.minimum(along, g.sub(period, along));
}

Out pad_by_gathers(const Operation& op, Out x, Out table, const std::string& mode, size_t rank) {
  Graph& g = op.g;
  for (size_t i = 0; i < rank; ++i) {
    const auto axis = static_cast<int64_t>(i);
    const Out pair = g.gather(table, g.int_scalar(axis), 0);
    const auto side = [&](int64_t which) { return g.gather(pair, g.int_scalar(which), 0); };
    x = g.gather(x, places_along(g, g.size_of(x, axis), side(0), side(1), mode), axis);
  }
  return x;
}

Out table_of(Graph& g, const Pads& pads, const Permutation& order) {
  std::vector<int64_t> list;
  for (const int axis : spelled_out(order, pads.before.size())) {
    list.push_back(std::max<int64_t>(0, pads.before[static_cast<size_t>(axis)]));
    list.push_back(std::max<int64_t>(0, pads.after[static_cast<size_t>(axis)]));
  }
  return g.reshape(g.ints(list), Shape{-1, 2});
}

// Cuts off what negative pads say.
Out cropped(const Operation& op, Out x, const Pads& pads, const Permutation& order) {
  for (size_t i = 0; i < pads.before.size(); ++i) {
    if (pads.before[i] >= 0 && pads.after[i] >= 0) continue;
    const auto axis = Operation::stored(order, static_cast<int64_t>(i));
    const int64_t size = op.static_shape(0)[i];
    x = op.g.slice(x, axis, std::max<int64_t>(0, -pads.before[i]),
                   size - std::max<int64_t>(0, -pads.after[i]));
  }
  return x;
}

// TensorFlow reflects at most once.
bool reflects_once(const Pads& pads, const Shape& shape) {
  if (pads.cuts()) return false;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 1) return false;
    if (std::max(pads.before[i], pads.after[i]) >= shape[i]) return false;
  }
  return true;
}

void emit_pad(const Operation& op) {
  Graph& g = op.g;
  const size_t rank = op.rank(0);
  const std::string mode = semantics::read_pad_mode(op.node);
  const auto pads = known_pads(op, rank);
  if (mode == "constant") {
    const Permutation order = pads ? op.order(0) : Permutation{};
    Out x = op.in(0, order);
    if (pads) x = cropped(op, x, *pads, order);
    const Out table = pads ? table_of(g, *pads, order) : pads_table(op, rank);
    return op.out(g.call("PadV2", {x, table, padding_value(op, x)}), order);
  }
  if (mode == "reflect" && pads && reflects_once(*pads, op.shape(0)) && rank <= 5) {
    const Permutation order = op.order(0);
    const std::string reflect = "REFLECT";
    return op.out(
        g.call("MirrorPad", {op.in(0, order), table_of(g, *pads, order)}, {{"mode", reflect}}),
        order);
  }
  Out table;
  if (pads) {
    std::vector<int64_t> list;
    for (size_t i = 0; i < rank; ++i) list.insert(list.end(), {pads->before[i], pads->after[i]});
    table = g.reshape(g.longs(list), Shape{-1, 2});
  } else {
    table = pads_table(op, rank);
  }
  op.out(pad_by_gathers(op, op.in(0), table, mode, rank));
}

}  // namespace

Operators padding_operators() {
  return {
      {"Pad", emit_pad},
      {"com.microsoft.Pad", emit_pad},
  };
}

}  // namespace dnnbench::tf
