// Operators that move, cut and join elements, and those that return shapes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "operators.h"
#include "semantics/slices.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

// From an input, or before some opset from an attribute; literal where it is constant.
std::optional<std::vector<int64_t>> constant_integers(Operation& op, size_t index,
                                                      const char* attribute) {
  if (op.node.attribute(attribute) != nullptr) return op.node.integers(attribute);
  return op.integers(index);
}

void emit_reshape(Operation& op) {
  const bool zero_copies = op.node.integer("allowzero", 0) == 0;
  auto wanted = constant_integers(op, 1, "shape");
  // A graph's own static shape is the same with nothing left to find out.
  const import::ValueType* known = op.out_type(0);
  if (known != nullptr && known->is_static()) {
    return op.out(fmt::format("{}.reshape({})", op.in(0), list(*known->shape)));
  }
  if (!wanted) {
    return op.out(op.call("reshape_dynamic", {op.in(0), op.int_list(1), truth(zero_copies)}));
  }
  std::vector<std::string> sizes;
  for (size_t i = 0; i < wanted->size(); ++i) {
    sizes.push_back((*wanted)[i] == 0 && zero_copies ? fmt::format("{}.size({})", op.in(0), i)
                                                     : std::to_string((*wanted)[i]));
  }
  op.out(sizes.empty() ? fmt::format("{}.reshape([0][:0])", op.in(0))
                       : fmt::format("{}.reshape({})", op.in(0), tensor_list(sizes)));
}

void emit_flatten(Operation& op) {
  const int64_t axis = op.axis(op.node.integer("axis", 1));
  if (const auto shape = op.shape(0)) {
    const Shape before(shape->begin(), shape->begin() + axis),
        after(shape->begin() + axis, shape->end());
    return op.out(fmt::format("{}.reshape({})", op.in(0),
                              list({element_count(before), element_count(after)})));
  }
  op.out(op.call("flatten_at", {op.in(0), std::to_string(axis)}));
}

void emit_squeeze(Operation& op) {
  const auto axes = constant_integers(op, 1, "axes");
  if (!axes && op.has(1)) {
    return op.out(fmt::format("torch.squeeze({}, {})", op.in(0), op.int_list(1)));
  }
  op.out(axes ? fmt::format("torch.squeeze({}, {})", op.in(0), list(*axes))
              : fmt::format("torch.squeeze({})", op.in(0)));
}

void emit_unsqueeze(Operation& op) {
  auto axes = constant_integers(op, 1, "axes");
  if (!axes) return op.out(op.call("unsqueeze_dynamic", {op.in(0), op.int_list(1)}));
  const bool negative =
      std::any_of(axes->begin(), axes->end(), [](int64_t axis) { return axis < 0; });
  if (negative && !op.known_rank(0)) {
    return op.out(op.call("unsqueeze_dynamic", {op.in(0), list(*axes)}));
  }
  if (negative) {
    const int64_t rank = op.rank(0) + static_cast<int64_t>(axes->size());
    for (int64_t& axis : *axes) axis += axis < 0 ? rank : 0;
  }
  std::sort(axes->begin(), axes->end());
  std::string y = op.in(0);
  for (const int64_t axis : *axes) y = fmt::format("torch.unsqueeze({}, {})", y, axis);
  op.out(y);
}

void emit_transpose(Operation& op) {
  Shape order = op.node.integers("perm");
  if (order.empty()) {
    for (int64_t i = op.rank(0); i-- > 0;) order.push_back(i);
  }
  op.out(fmt::format("{}.permute({})", op.in(0), list(order)));
}

void emit_concat(Operation& op) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < op.input_count(); ++i) parts.push_back(op.in(i));
  op.out(fmt::format("torch.cat({}, {})", tensor_list(parts), op.node.integer("axis", 1)));
}

// The sizes of equal parts, the last ones smaller where that does not come out even. The size of a
// value in a loop's body may be known only when it runs.
std::string equal_parts(Operation& op, int64_t axis, int64_t count) {
  if (op.known_rank(0) &&
      (*op.variable(0).type.shape).at(static_cast<size_t>(op.axis(axis))) >= 0) {
    return list(semantics::equal_parts(op.size(0, axis), count));
  }
  const std::string size = op.let(fmt::format("{}.size({})", op.in(0), axis));
  const std::string part = op.let(fmt::format("({} + {}) // {}", size, count - 1, count));
  std::vector<std::string> parts;
  for (int64_t i = 0; i < count; ++i) {
    parts.push_back(fmt::format("min(max({} - {} * {}, 0), {})", size, i, part, part));
  }
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

void emit_split(Operation& op) {
  const int64_t axis = op.node.integer("axis", 0);
  const auto sizes = constant_integers(op, 1, "split");
  const auto count = static_cast<int64_t>(op.node.outputs.size());
  std::string sizes_text;
  if (sizes && !sizes->empty()) {
    sizes_text = list(*sizes);
  } else if (op.has(1)) {
    sizes_text = op.int_list(1);
  } else {
    sizes_text = equal_parts(op, axis, count);
  }
  const std::string parts =
      op.let(fmt::format("torch.split_with_sizes({}, {}, {})", op.in(0), sizes_text, axis));
  for (size_t i = 0; i < op.node.outputs.size(); ++i) op.out(i, fmt::format("{}[{}]", parts, i));
}

void emit_expand(Operation& op) {
  const import::ValueType* known = op.out_type(0);
  if (known != nullptr && known->is_static()) {
    return op.out(fmt::format("{}.expand({})", op.in(0), list(*known->shape)));
  }
  op.out(op.call("expand_dynamic", {op.in(0), op.int_list(1)}));
}

void emit_tile(Operation& op) { op.out(fmt::format("{}.repeat({})", op.in(0), op.int_list(1))); }

void emit_shape(Operation& op) {
  if (const auto shape = op.shape(0)) {
    const semantics::Slice part = semantics::shape_slice(op.node, shape->size());
    Tensor sizes = make_tensor(DataType::kInt64, {part.end - part.start});
    std::copy(shape->begin() + part.start, shape->begin() + part.end, sizes.as<int64_t>().begin());
    return op.alias(0, op.emitter().constant_variable(import::make_constant(std::move(sizes))));
  }
  const std::string end =
      op.node.attribute("end") == nullptr ? "" : std::to_string(op.node.integer("end", 0));
  op.out(fmt::format("torch.tensor({}.size()[{}:{}], dtype=4)", op.in(0),
                     op.node.integer("start", 0), end),
         DataType::kInt64);
}

void emit_size(Operation& op) {
  op.out(fmt::format("torch.tensor({}.numel(), dtype=4)", op.in(0)), DataType::kInt64);
}

void emit_eye_like(Operation& op) {
  const auto type =
      static_cast<DataType>(op.node.integer("dtype", static_cast<int64_t>(op.type(0))));
  op.out(op.call("eye_like", {op.in(0), std::to_string(op.node.integer("k", 0)), dtype(type)}),
         type);
}

void emit_depth_to_space(Operation& op) {
  op.out(op.call("depth_to_space", {op.in(0), std::to_string(op.node.integer("blocksize", 1)),
                                    truth(op.node.text("mode", "DCR") == "CRD")}));
}

void emit_space_to_depth(Operation& op) {
  op.out(op.call("space_to_depth", {op.in(0), std::to_string(op.node.integer("blocksize", 1))}));
}

void emit_triangle(Operation& op) {
  const std::string k = op.has(1) ? op.int_scalar(1) : "0";
  op.out(fmt::format("torch.{}({}, {})", op.node.integer("upper", 1) != 0 ? "triu" : "tril",
                     op.in(0), k));
}

void emit_center_crop_pad(Operation& op) {
  const std::string axes = list(op.node.integers("axes"));
  op.out(op.call("center_crop_pad", {op.in(0), op.int_list(1), axes}));
}

}  // namespace

Operators shape_operators() {
  Operators table;
  table["Reshape"] = emit_reshape;
  table["Flatten"] = emit_flatten;
  table["Squeeze"] = emit_squeeze;
  table["Unsqueeze"] = emit_unsqueeze;
  table["Transpose"] = emit_transpose;
  table["Concat"] = emit_concat;
  table["Split"] = emit_split;
  table["Expand"] = emit_expand;
  table["Tile"] = emit_tile;
  table["Shape"] = emit_shape;
  table["Size"] = emit_size;
  table["EyeLike"] = emit_eye_like;
  table["DepthToSpace"] = emit_depth_to_space;
  table["SpaceToDepth"] = emit_space_to_depth;
  table["Trilu"] = emit_triangle;
  table["com.microsoft.Trilu"] = emit_triangle;
  table["CenterCropPad"] = emit_center_crop_pad;
  return table;
}

}  // namespace dnnbench::pytorch
