// Operators that take or put elements by index.
#include <fmt/format.h>

#include "operators.h"
#include "semantics/slices.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

// Indices count from the end where they are negative, which the library takes only in some
// functions.
std::string wrapped(Operation& op, const std::string& indices, int64_t axis) {
  return op.let(
      fmt::format("torch.where({0} < 0, {0} + {1}.size({2}), {0})", indices, op.in(0), axis));
}

// As int64, non-negative where they are constant.
std::string indices_of(Operation& op, size_t index, int64_t axis) {
  const std::string indices =
      op.type(index) == DataType::kInt64 ? op.in(index) : op.let(op.in(index) + ".to(4)");
  const auto constant = op.integers(index);
  if (constant) {
    bool negative = false;
    for (const int64_t value : *constant) negative = negative || value < 0;
    if (!negative) return indices;
  }
  return wrapped(op, indices, axis);
}

void emit_gather(Operation& op) {
  const int64_t axis = op.node.integer("axis", 0);
  const auto constant = op.integers(1);
  const auto rank = op.known_rank(1);
  if (constant && constant->size() == 1 && rank == 0) {
    return op.out(fmt::format("torch.select({}, {}, {})", op.in(0), axis, constant->front()));
  }
  const std::string indices = indices_of(op, 1, axis);
  if (rank == 1) {
    return op.out(fmt::format("torch.index_select({}, {}, {})", op.in(0), axis, indices));
  }
  op.out(op.call("gather", {op.in(0), indices, std::to_string(axis)}));
}

void emit_gather_elements(Operation& op) {
  const int64_t axis = op.node.integer("axis", 0);
  op.out(fmt::format("torch.gather({}, {}, {})", op.in(0), axis, indices_of(op, 1, axis)));
}

void emit_gather_nd(Operation& op) {
  op.out(op.call("gather_nd", {op.in(0), op.in(1) + ".to(4)",
                               std::to_string(op.node.integer("batch_dims", 0))}));
}

// nullopt where the bounds are known only when it runs.
std::optional<std::vector<semantics::Slice>> known_slices(const Operation& op) {
  const auto rank = static_cast<size_t>(op.rank(0));
  if (op.node.opset < 10) {
    return semantics::make_slices(op.node.integers("starts"), op.node.integers("ends"),
                                  op.node.integers("axes"), {}, rank);
  }
  const auto starts = op.integers(1), ends = op.integers(2);
  const auto axes = op.has(3) ? op.integers(3) : Shape{};
  const auto steps = op.has(4) ? op.integers(4) : Shape{};
  if (!starts || !ends || !axes || !steps) return std::nullopt;
  return semantics::make_slices(*starts, *ends, *axes, *steps, rank);
}

// Constant bounds and forward steps become the library's slices; all else indices.
void emit_slice(Operation& op) {
  const auto slices = op.known_rank(0) ? known_slices(op) : std::nullopt;
  if (!slices) {
    const auto given = [&](size_t index) { return op.has(index) ? op.int_list(index) : list({}); };
    return op.out(op.call("slice_dynamic", {op.in(0), given(1), given(2), given(3), given(4)}));
  }
  std::string y = op.in(0);
  for (const semantics::Slice& slice : *slices) {
    const std::string bounds =
        fmt::format("{}, {}, {}, {}, {}", y, slice.axis, slice.start, slice.end, slice.step);
    y = op.let(slice.step > 0 ? fmt::format("torch.slice({})", bounds)
                              : op.call("slice_backwards", {bounds}));
  }
  op.out(y);
}

std::string reduction_of(Operation& op) {
  const std::string reduction = op.node.text("reduction", "none");
  op.require(op.type(0) != DataType::kUint64 || (reduction != "max" && reduction != "min"),
             "uint64");
  return "\"" + reduction + "\"";
}

void emit_scatter_elements(Operation& op) {
  const int64_t axis = op.node.integer("axis", 0);
  const std::string indices = indices_of(op, 1, axis);
  if (op.node.text("reduction", "none") == "none") {
    return op.out(fmt::format("torch.scatter({}, {}, {}, {})", op.in(0), axis, indices, op.in(2)));
  }
  op.out(op.call("scatter_reduced",
                 {op.in(0), std::to_string(axis), indices, op.in(2), reduction_of(op)}));
}

void emit_scatter_nd(Operation& op) {
  op.out(op.call("scatter_nd", {op.in(0), op.in(1) + ".to(4)", op.in(2), reduction_of(op)}));
}

// The elements of a tensor go to the front of an axis at a place that each batch has.
void emit_tensor_scatter(Operation& op) {
  op.out(op.call("tensor_scatter", {op.in(0), op.in(1), op.has(2) ? op.in(2) + ".to(4)" : "None",
                                    std::to_string(op.node.integer("axis", -2)),
                                    truth(op.node.text("mode", "linear") == "circular")}));
}

void emit_one_hot(Operation& op) {
  const std::string type = dtype(op.type(2));
  op.out(op.call("one_hot", {op.in(0) + ".to(4)", op.int_scalar(1), op.in(2),
                             std::to_string(op.node.integer("axis", -1))}) +
             fmt::format(".to({})", type),
         op.type(2));
}

void emit_non_zero(Operation& op) {
  op.out(fmt::format("torch.nonzero({}).t()", op.in(0)), DataType::kInt64);
}

void emit_compress(Operation& op) {
  const bool has_axis = op.node.attribute("axis") != nullptr;
  op.out(op.call("compress", {has_axis ? op.in(0) : op.in(0) + ".reshape([-1])", op.in(1),
                              std::to_string(has_axis ? op.node.integer("axis", 0) : 0)}));
}

void emit_unique(Operation& op) {
  const bool has_axis = op.node.attribute("axis") != nullptr;
  op.require(op.type(0) != DataType::kUint64, "uint64");
  const std::string result =
      op.let(op.call("unique", {has_axis ? op.in(0) : op.in(0) + ".reshape([-1])",
                                std::to_string(has_axis ? op.node.integer("axis", 0) : 0),
                                truth(op.node.integer("sorted", 1) != 0)}));
  for (size_t i = 0; i < 4; ++i) {
    op.out(i, fmt::format("{}[{}]", result, i), i == 0 ? op.type(0) : DataType::kInt64);
  }
}

void emit_reverse_sequence(Operation& op) {
  op.out(op.call("reverse_sequence",
                 {op.in(0), op.in(1), std::to_string(op.node.integer("time_axis", 0)),
                  std::to_string(op.node.integer("batch_axis", 1))}));
}

}  // namespace

Operators indexing_operators() {
  Operators table;
  table["Gather"] = emit_gather;
  table["GatherElements"] = emit_gather_elements;
  table["GatherND"] = emit_gather_nd;
  table["com.microsoft.GatherND"] = emit_gather_nd;
  table["Scatter"] = emit_scatter_elements;
  table["ScatterElements"] = emit_scatter_elements;
  table["ScatterND"] = emit_scatter_nd;
  table["TensorScatter"] = emit_tensor_scatter;
  table["Slice"] = emit_slice;
  table["OneHot"] = emit_one_hot;
  table["NonZero"] = emit_non_zero;
  table["Compress"] = emit_compress;
  table["Unique"] = emit_unique;
  table["ReverseSequence"] = emit_reverse_sequence;
  return table;
}

}  // namespace dnnbench::pytorch
