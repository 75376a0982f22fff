// What moves, joins, cuts and repeats elements, and what returns shapes.
#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "operators.h"
#include "semantics/slices.h"

namespace dnnbench::tf {
namespace {

bool is_static(const Shape& shape) { return std::count(shape.begin(), shape.end(), -1) == 0; }

// Whether an order has the last two dimensions of the model in front of its channels, as what comes
// from a convolution has.
bool is_spatial(const Permutation& order) {
  const auto rank = static_cast<int>(order.size());
  return rank >= 4 && order[0] == 0 && order[1] == rank - 2 && order[2] == rank - 1;
}

// The sizes that a Reshape's constant asks for: 0 copies, -1 is what is left.
std::optional<Shape> requested_shape(const Shape& from, Shape to, bool allow_zero) {
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i] != 0 || allow_zero) continue;
    if (i >= from.size()) throw Unsupported("it copies a size that its input lacks");
    to[i] = from[i];
  }
  const auto open = std::find(to.begin(), to.end(), -1);
  if (open == to.end() || !is_static(from))
    return is_static(from) ? std::optional(to) : std::nullopt;
  *open = 1;
  const int64_t rest = element_count(to);
  if (rest == 0) return std::nullopt;
  *open = element_count(from) / rest;
  return to;
}

void reshape_static(const Operation& op, const Shape& from, const Shape& to) {
  const Permutation order = op.order(0);
  if (is_spatial(order)) {
    if (const auto orders = reshape_order(from, to, order)) {
      op.out(op.g.reshape(op.in(0, orders->source), stored_shape(to, orders->result)),
             orders->result);
      return;
    }
  }
  op.out(op.g.reshape(op.in(0), to));
}

void emit_reshape(const Operation& op) {
  Graph& g = op.g;
  const bool allow_zero = op.integer("allowzero", 0) != 0;
  const auto wanted = op.has(1) ? op.find_integers(1) : op.node.integers("shape");
  const auto from = op.find_shape(0);
  if (wanted && from) {
    const auto to = requested_shape(*from, *wanted, allow_zero);
    if (to) return reshape_static(op, *from, *to);
  }
  Out shape = wanted ? g.longs(*wanted) : op.in(1);
  const bool copies =
      !allow_zero && (!wanted || std::count(wanted->begin(), wanted->end(), 0) != 0);
  if (copies) {
    const Shape length = g.shape(shape);
    if (length.size() != 1 || length[0] < 0)
      throw Unsupported("its result's rank is not known before it runs");
    const Out zeros = g.longs(Shape(static_cast<size_t>(length[0]), 0));
    const Out own = g.slice(g.concat({g.shape_tensor(op.in(0)), zeros}, 0), 0, 0, length[0]);
    shape = g.select(g.equal(shape, g.long_scalar(0)), own, shape);
  }
  op.out(g.reshape(op.in(0), shape));
}

void emit_flatten(const Operation& op) {
  Graph& g = op.g;
  const Shape shape = op.shape(0);
  const int64_t axis = op.integer("axis", 1);
  const auto split =
      static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(shape.size()) : axis);
  if (split > shape.size()) throw Unsupported("it has no axis " + std::to_string(axis));
  if (is_static(shape)) {
    const auto all = std::span(shape);
    return reshape_static(op, shape,
                          {element_count(all.first(split)), element_count(all.subspan(split))});
  }
  const Out sizes = g.shape_tensor(op.in(0));
  const auto product = [&](int64_t begin, int64_t end) {
    return g.reduce("Prod", g.slice(sizes, 0, begin, end), {0}, true);
  };
  const auto middle = static_cast<int64_t>(split), end = static_cast<int64_t>(shape.size());
  op.out(g.reshape(op.in(0), g.concat({product(0, middle), product(middle, end)}, 0)));
}

// 1 for each of `rank` dimensions that the axes name, an input that is known only when it runs.
Out named_dimensions(const Operation& op, size_t input, int64_t rank) {
  Graph& g = op.g;
  const Out axes = g.compute("FloorMod", {g.cast(op.in(input), TF_INT64), g.long_scalar(rank)});
  const Out updates = g.call("OnesLike", {axes});
  const Out zeros = g.longs(Shape(static_cast<size_t>(rank), 0));
  return g.call("TensorScatterUpdate", {zeros, g.expand_dims(axes, 1), updates});
}

void squeeze_unknown(const Operation& op) {
  Graph& g = op.g;
  const Out x = op.in(0);
  const Out named = named_dimensions(op, 1, static_cast<int64_t>(op.rank(0)));
  const Out kept = g.call("Where", {g.equal(named, g.long_scalar(0))});
  op.out(g.reshape(x, g.gather(g.shape_tensor(x), g.reshape(kept, Shape{-1}), 0)));
}

void unsqueeze_unknown(const Operation& op) {
  Graph& g = op.g;
  const Out x = op.in(0);
  const Shape axes = op.static_shape(1);
  const int64_t rank = static_cast<int64_t>(op.rank(0)) + element_count(axes);
  const Out named = named_dimensions(op, 1, rank);
  // Which of its own dimensions each of the others is: their number so far.
  const Out own = g.sub(g.long_scalar(1), named);
  const Out place = g.maximum(g.sub(g.compute("Cumsum", {own, g.int_scalar(0)}), g.long_scalar(1)),
                              g.long_scalar(0));
  const Out sizes = op.rank(0) == 0 ? g.longs({1}) : g.shape_tensor(x);
  op.out(g.reshape(
      x, g.select(g.equal(named, g.long_scalar(1)), g.long_scalar(1), g.gather(sizes, place, 0))));
}

void emit_squeeze(const Operation& op) {
  Graph& g = op.g;
  if (op.has(1) && op.constant(1) == nullptr) return squeeze_unknown(op);
  const Shape shape = op.shape(0);
  std::vector<int64_t> axes;
  if (const auto given = op.axes(1, shape.size())) {
    axes = *given;
  } else {
    for (size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] < 0)
        throw Unsupported("the dimensions it takes away are not known before it runs");
      if (shape[i] == 1) axes.push_back(static_cast<int64_t>(i));
    }
  }
  op.out(axes.empty() ? g.identity(op.in(0)) : g.squeeze(op.in(0), axes));
}

void emit_unsqueeze(const Operation& op) {
  Graph& g = op.g;
  if (op.has(1) && op.constant(1) == nullptr) return unsqueeze_unknown(op);
  std::vector<int64_t> axes = op.has(1) ? op.integers(1, "axes") : op.node.integers("axes");
  if (!op.find_shape(0) && axes.size() == 1) return op.out(g.expand_dims(op.in(0), axes[0]));
  const size_t rank = op.rank(0) + axes.size();
  for (int64_t& axis : axes) axis = semantics::axis_from_start(axis, rank);
  std::sort(axes.begin(), axes.end());
  const Shape own = op.shape(0);
  if (is_static(own) && !axes.empty()) {
    Shape shape = own;
    for (const int64_t axis : axes) shape.insert(shape.begin() + axis, 1);
    return reshape_static(op, own, shape);
  }
  Out x = op.in(0);
  for (const int64_t axis : axes) x = g.expand_dims(x, axis);
  op.out(x);
}

// Only renames the dimensions; they move where somebody needs them in the new order.
void emit_transpose(const Operation& op) {
  const size_t rank = op.rank(0);
  std::vector<int64_t> axes = op.node.integers("perm");
  if (axes.empty()) {
    for (size_t i = rank; i-- > 0;) axes.push_back(static_cast<int64_t>(i));
  }
  Permutation renamed(rank);
  for (size_t i = 0; i < rank; ++i) renamed[static_cast<size_t>(axes[i])] = static_cast<int>(i);
  const auto after = [&](const Permutation& before) {
    Permutation order;
    for (const int axis : spelled_out(before, rank))
      order.push_back(renamed[static_cast<size_t>(axis)]);
    return normalized(order);
  };
  if (op.constant(0) != nullptr) return op.out(op.in(0, {axes.begin(), axes.end()}));
  const auto& forms = op.emitter.forms(op.node.inputs[0]);
  const Stored* best = &forms.front();
  for (const Stored& form : forms) {
    if (after(form.permutation).empty()) best = &form;
  }
  const Stored chosen = *best;
  op.out(chosen.out, after(chosen.permutation));
}

void emit_concat(const Operation& op) {
  std::vector<size_t> all;
  for (size_t i = 0; i < op.input_count(); ++i) all.push_back(i);
  const int64_t axis = op.axis("axis", 1, op.rank(0));
  const Aligned x = op.aligned(all);
  op.out(op.g.concat(x.operands, Operation::stored(x.permutation, axis)), x.permutation);
}

void emit_split(const Operation& op) {
  Graph& g = op.g;
  const Shape shape = op.shape(0);
  const int64_t axis = op.axis("axis", 0, shape.size());
  const auto count = static_cast<int64_t>(op.node.outputs.size());
  const Permutation order = op.order(0);
  Out sizes;
  if (op.has(1)) {
    sizes = op.in(1);
  } else if (op.node.attribute("split") != nullptr) {
    sizes = g.longs(op.node.integers("split"));
  } else {
    const int64_t size = shape[static_cast<size_t>(axis)];
    if (size < 0) throw Unsupported("the size that it divides is not known before it runs");
    sizes = g.longs(semantics::equal_parts(size, count));
  }
  const Outs parts =
      g.call_all("SplitV", {op.in(0, order), sizes, g.int_scalar(Operation::stored(order, axis))},
                 {{"num_split", count}});
  for (size_t i = 0; i < parts.size(); ++i) op.out(i, parts[i], order);
}

// --- sizes and repetition -----------------------------------------------------------------------

void emit_expand(const Operation& op) {
  Graph& g = op.g;
  const Out x = op.in(0);
  const Out shape = g.call("BroadcastArgs", {g.shape_tensor(x), op.in(1)});
  op.out(g.call("BroadcastTo", {x, shape}));
}

void emit_tile(const Operation& op) {
  Graph& g = op.g;
  if (op.node.opset >= 6) return op.out(g.call("Tile", {op.in(0), op.in(1)}));
  const size_t rank = op.rank(0);
  const auto axis = static_cast<size_t>(op.integers(2, "axes").at(0));
  Shape repeats(rank, 1);
  repeats.at(axis) = op.integers(1, "tiles").at(0);
  op.out(g.call("Tile", {op.in(0), g.longs(repeats)}));
}

// What is known becomes a constant for the nodes that follow.
void out_integers(const Operation& op, const std::vector<int64_t>& values, const Shape& shape) {
  Tensor tensor = make_tensor(DataType::kInt64, shape);
  std::copy(values.begin(), values.end(), tensor.as<int64_t>().begin());
  op.emitter.set_constant(op.node.outputs[0], import::make_constant(std::move(tensor)));
}

void emit_shape(const Operation& op) {
  Graph& g = op.g;
  const bool whole = op.node.attribute("start") == nullptr && op.node.attribute("end") == nullptr;
  if (whole && !op.find_shape(0)) {
    return op.out(g.call("Shape", {op.in(0)}, {{"out_type", TF_INT64}}));
  }
  const Shape shape = op.shape(0);
  const semantics::Slice part = semantics::shape_slice(op.node, shape.size());
  if (is_static(shape)) {
    return out_integers(op, {shape.begin() + part.start, shape.begin() + part.end},
                        {part.end - part.start});
  }
  op.out(g.slice(g.shape_tensor(op.in(0)), 0, part.start, part.end));
}

void emit_size(const Operation& op) {
  const auto shape = op.find_shape(0);
  if (shape && is_static(*shape)) return out_integers(op, {element_count(*shape)}, {});
  op.out(op.g.call("Size", {op.in(0)}, {{"out_type", TF_INT64}}));
}

// --- blocks -------------------------------------------------------------------------------------

void emit_depth_to_space(const Operation& op) {
  Graph& g = op.g;
  const Permutation last = channels_last(4);
  const int64_t block = op.integer("blocksize", 1);
  const Out x = op.in(0, last);
  if (op.node.text("mode", "DCR") == "DCR" && block > 1) {
    return op.out(g.call("DepthToSpace", {x}, {{"block_size", block}}), last);
  }
  const Shape shape = op.static_shape(0);
  const int64_t channels = shape[1] / (block * block);
  const Out apart = g.reshape(x, Shape{shape[0], shape[2], shape[3], channels, block, block});
  const Out moved = g.transpose(apart, {0, 1, 4, 2, 5, 3});
  op.out(g.reshape(moved, Shape{shape[0], shape[2] * block, shape[3] * block, channels}), last);
}

void emit_space_to_depth(const Operation& op) {
  const Permutation last = channels_last(4);
  const int64_t block = op.integer("blocksize", 1);
  if (block == 1) return op.out(op.in(0, last), last);
  op.out(op.g.call("SpaceToDepth", {op.in(0, last)}, {{"block_size", block}}), last);
}

// --- triangles ----------------------------------------------------------------------------------

// Of the last two dimensions: column less row, int64[rows, columns].
Out diagonals(Graph& g, Out x, size_t rank) {
  const auto count = [&](size_t axis) {
    return g.range(g.long_scalar(0), g.size_of(x, static_cast<int64_t>(axis)), g.long_scalar(1));
  };
  return g.sub(g.expand_dims(count(rank - 1), 0), g.expand_dims(count(rank - 2), 1));
}

void emit_eye_like(const Operation& op) {
  Graph& g = op.g;
  const Out x = op.in(0);
  const Out diagonal = g.equal(diagonals(g, x, 2), g.long_scalar(op.integer("k", 0)));
  const auto* type = op.node.attribute("dtype");
  op.out(g.cast(diagonal,
                type == nullptr ? op.type(0) : to_tensorflow(static_cast<DataType>(type->i))));
}

void emit_trilu(const Operation& op) {
  Graph& g = op.g;
  const Out x = op.in(0);
  const Out k = op.has(1) ? g.reshape(op.in(1), Shape{}) : g.long_scalar(0);
  const bool upper = op.integer("upper", 1) != 0;
  const Out keep =
      g.compute(upper ? "GreaterEqual" : "LessEqual", {diagonals(g, x, op.rank(0)), k});
  op.out(g.select(keep, x, g.call("ZerosLike", {x})));
}

void emit_center_crop_pad(const Operation& op) {
  Graph& g = op.g;
  const Shape shape = op.static_shape(0);
  const std::vector<int64_t> wanted = op.integers(1, "sizes");
  std::vector<int64_t> axes = op.node.integers("axes");
  if (axes.empty()) {
    axes.resize(shape.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  std::vector<int64_t> begins(shape.size(), 0), sizes = shape, paddings(2 * shape.size(), 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(semantics::axis_from_start(axes[i], shape.size()));
    const int64_t difference = shape[axis] - wanted[i];
    if (difference > 0) {
      begins[axis] = difference / 2;
      sizes[axis] = wanted[i];
    } else {
      paddings[2 * axis] = -difference / 2;
      paddings[2 * axis + 1] = -difference - -difference / 2;
    }
  }
  const Out cropped = g.call("Slice", {op.in(0), g.longs(begins), g.longs(sizes)});
  op.out(g.call("Pad", {cropped, g.reshape(g.ints(paddings), Shape{-1, 2})}));
}

}  // namespace

Operators shape_operators() {
  return {
      {"CenterCropPad", emit_center_crop_pad},
      {"Concat", emit_concat},
      {"DepthToSpace", emit_depth_to_space},
      {"Expand", emit_expand},
      {"EyeLike", emit_eye_like},
      {"Flatten", emit_flatten},
      {"Reshape", emit_reshape},
      {"Shape", emit_shape},
      {"Size", emit_size},
      {"SpaceToDepth", emit_space_to_depth},
      {"Split", emit_split},
      {"Squeeze", emit_squeeze},
      {"Tile", emit_tile},
      {"Transpose", emit_transpose},
      {"Trilu", emit_trilu},
      {"Unsqueeze", emit_unsqueeze},
      {"com.microsoft.Trilu", emit_trilu},
  };
}

}  // namespace dnnbench::tf
