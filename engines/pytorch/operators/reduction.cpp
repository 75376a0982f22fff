// Reductions over axes, and what searches or accumulates along one.
#include <fmt/format.h>

#include "operators.h"
#include "semantics/reductions.h"
#include "semantics/softmax.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

using semantics::Reduction;

Reduction read_reduction(Operation& op) {
  if (!op.has(1)) return semantics::read_reduction(op.node, {});
  const auto shape = op.shape(1);
  semantics::AxesInput axes;
  if (shape) axes.count = element_count(*shape);
  axes.values = op.integers(1);
  return semantics::read_reduction(op.node, axes);
}

bool reduces_nothing(const Reduction& reduction) {
  return reduction.extent == Reduction::Extent::kNothing;
}

// List[int]. Axes that the model names are right for every rank.
std::string axes_text(Operation& op, const Reduction& reduction) {
  if (reduction.extent == Reduction::Extent::kAxesAtRunTime) return op.int_list(1);
  const bool all = reduction.extent == Reduction::Extent::kAll;
  if (!all && !op.known_rank(0)) return list(reduction.axes);
  return list(semantics::reduced_axes(reduction, static_cast<size_t>(op.rank(0))));
}

// `text` has the input as {0}, axes as {1} and keepdims as {2}. Before and after the reduction
// every element goes through `before` and `after`, also where no axis is reduced.
void emit_reduction(Operation& op, const char* text, const char* before = "{}",
                    const char* after = "{}") {
  const Reduction reduction = read_reduction(op);
  std::string x = op.in(0);
  if (op.known_rank(0) == 0) x += ".reshape([1])";
  x = fmt::format(fmt::runtime(before), x);
  std::string y = x;
  if (!reduces_nothing(reduction)) {
    const std::string named = op.let(x);
    // A scalar has one axis while it is reduced.
    const bool scalar = op.known_rank(0) == 0;
    y = fmt::format(fmt::runtime(text), named, scalar ? "[0]" : axes_text(op, reduction),
                    truth(!scalar && reduction.keep_dims));
  } else if (op.known_rank(0) == 0) {
    y += ".reshape([])";
  }
  const std::string type = dtype(op.type(0));
  op.out(fmt::format(fmt::runtime("{}.to({})"), fmt::format(fmt::runtime(after), "(" + y + ")"),
                     type));
}

void emit_sum(Operation& op) { emit_reduction(op, "torch.sum({0}, {1}, {2})"); }

void emit_mean(Operation& op) {
  if (is_floating_point(op.type(0))) return emit_reduction(op, "torch.mean({0}, {1}, {2})");
  emit_reduction(op, "torch.mean({0}, {1}, {2})", "{}.to(7)", "torch.trunc({})");
}

// The extreme of no elements is the type's own.
void emit_extreme(Operation& op, bool greatest) {
  op.require(op.type(0) != DataType::kUint64, "uint64");
  const Reduction reduction = read_reduction(op);
  const auto shape = op.shape(0);
  const bool may_be_empty = !shape || element_count(*shape) == 0;
  if (may_be_empty && op.known_rank(0) != 0 && !reduces_nothing(reduction)) {
    op.out(op.call("extreme_or_limit", {op.in(0), axes_text(op, reduction),
                                        truth(reduction.keep_dims), truth(greatest)}));
    return;
  }
  emit_reduction(op, greatest ? "torch.amax({0}, {1}, {2})" : "torch.amin({0}, {1}, {2})");
}

void emit_product(Operation& op) {
  const Reduction reduction = read_reduction(op);
  if (reduces_nothing(reduction)) return op.out(op.in(0));
  op.out(op.call("product", {op.in(0), axes_text(op, reduction), truth(reduction.keep_dims)}) +
         fmt::format(".to({})", dtype(op.type(0))));
}

void emit_log_sum_exp(Operation& op) {
  if (is_floating_point(op.type(0))) return emit_reduction(op, "torch.logsumexp({0}, {1}, {2})");
  emit_reduction(op, "torch.logsumexp({0}, {1}, {2})", "{}.to(7)");
}

// Where the arithmetic is in whole numbers the root is taken in doubles.
void emit_norm(Operation& op) {
  const bool floating = is_floating_point(op.type(0));
  emit_reduction(op, "torch.sum({0}, {1}, {2})",
                 floating ? "torch.square({})" : "torch.square({}.to(7))", "torch.sqrt({})");
}

void emit_log_sum(Operation& op) {
  emit_reduction(op, "torch.sum({0}, {1}, {2})", is_floating_point(op.type(0)) ? "{}" : "{}.to(7)",
                 "torch.log({})");
}

void emit_arg(Operation& op, bool greatest) {
  const semantics::ExtremeIndex index = semantics::read_extreme_index(op.node);
  op.require(op.type(0) != DataType::kUint64, "uint64");
  // Of equal elements the library takes the first.
  const char* text = index.last ? "{0}.size({1}) - 1 - torch.{2}(torch.flip({0}, [{1}]), {1}, {3})"
                                : "torch.{2}({0}, {1}, {3})";
  op.out(fmt::format(fmt::runtime(text), op.in(0), index.axis, greatest ? "argmax" : "argmin",
                     truth(index.keep_dims)),
         DataType::kInt64);
}

void emit_top_k(Operation& op) {
  const std::string k =
      op.node.opset < 10 ? std::to_string(op.node.integer("k", 1)) : op.int_scalar(1);
  const int64_t axis = op.node.integer("axis", -1);
  const bool largest = op.node.integer("largest", 1) != 0;
  op.require(op.type(0) != DataType::kUint64, "uint64");
  // Of equal elements the one with the lower index comes first, which only the stable sort gives.
  const std::string values = op.emitter().new_name(), indices = op.emitter().new_name();
  op.line(fmt::format("{}, {} = torch.sort({}, stable=True, dim={}, descending={})", values,
                      indices, op.in(0), axis, truth(largest)));
  op.out(0, fmt::format("{}.narrow({}, 0, {})", values, axis, k));
  op.out(1, fmt::format("{}.narrow({}, 0, {})", indices, axis, k), DataType::kInt64);
}

void emit_cumulative(Operation& op, const char* helper) {
  op.out(op.call(helper, {op.in(0), op.int_scalar(1), truth(op.node.integer("exclusive", 0) != 0),
                          truth(op.node.integer("reverse", 0) != 0)}) +
         fmt::format(".to({})", dtype(op.type(0))));
}

// `function` has the input as {0} and the axis as {1}.
void emit_along_axis(Operation& op, const std::string& function) {
  std::optional<size_t> rank;
  if (const auto known = op.known_rank(0)) rank = static_cast<size_t>(*known);
  const semantics::Softmax softmax = semantics::read_softmax(op.node, rank);
  if (!softmax.flattens) {
    return op.out(fmt::format(fmt::runtime(function), op.in(0), softmax.axis));
  }
  const std::string flat = op.let(fmt::format("torch.flatten({}, {})", op.in(0), softmax.axis));
  op.out(fmt::format("{}.reshape({}.size())", fmt::format(fmt::runtime(function), flat, -1),
                     op.in(0)));
}

}  // namespace

Operators reduction_operators() {
  Operators table;
  table["ReduceSum"] = emit_sum;
  table["ReduceMean"] = emit_mean;
  table["ReduceMax"] = [](Operation& op) { emit_extreme(op, true); };
  table["ReduceMin"] = [](Operation& op) { emit_extreme(op, false); };
  table["ReduceProd"] = emit_product;
  table["ReduceL1"] = [](Operation& op) {
    emit_reduction(op, "torch.sum({0}, {1}, {2})", "torch.abs({})");
  };
  table["ReduceL2"] = emit_norm;
  table["ReduceSumSquare"] = [](Operation& op) {
    emit_reduction(op, "torch.sum({0}, {1}, {2})", "torch.square({})");
  };
  table["ReduceLogSum"] = emit_log_sum;
  table["ReduceLogSumExp"] = emit_log_sum_exp;
  table["ArgMax"] = [](Operation& op) { emit_arg(op, true); };
  table["ArgMin"] = [](Operation& op) { emit_arg(op, false); };
  table["TopK"] = emit_top_k;
  table["CumSum"] = [](Operation& op) { emit_cumulative(op, "cumulative_sum"); };
  table["CumProd"] = [](Operation& op) { emit_cumulative(op, "cumulative_product"); };
  table["Softmax"] = [](Operation& op) { emit_along_axis(op, "torch.softmax({}, {})"); };
  table["LogSoftmax"] = [](Operation& op) { emit_along_axis(op, "torch.log_softmax({}, {})"); };
  table["Hardmax"] = [](Operation& op) { emit_along_axis(op, op.call("hardmax", {"{}", "{}"})); };
  return table;
}

}  // namespace dnnbench::pytorch
