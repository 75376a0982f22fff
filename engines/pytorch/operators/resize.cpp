// Resize and Upsample. Which elements a result is made of, and with what weights, is semantics/
// resize.h's; the library's own resizing is used where it does the same.
#include "semantics/resize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "operators.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

using semantics::AxisWeights;
using semantics::ResizedAxis;
using semantics::ResizeMode;
using Axes = std::vector<ResizedAxis>;

constexpr int64_t kMaxTapsOneByOne = 4;  // more become a product with a matrix

// An input's numbers, none where there is no such input; nullopt where they are not constant.
std::optional<std::vector<double>> numbers(const Operation& op, std::optional<size_t> index) {
  if (!index) return std::vector<double>{};
  const auto& constant = op.variable(*index).constant;
  if (!constant) return std::nullopt;
  return constant->doubles();
}

// nullopt where they are known only when it runs.
std::optional<Axes> known_axes(const Operation& op, const ResizeMode& mode) {
  const semantics::ResizeInputs inputs = semantics::resize_inputs(op.node);
  const std::vector<double> attribute = semantics::attribute_scales(op.node);
  const auto scales = attribute.empty() ? numbers(op, inputs.scales) : attribute;
  const auto sizes = numbers(op, inputs.sizes);
  const auto roi = mode.crops() ? numbers(op, inputs.roi) : std::vector<double>{};
  op.rank(0);
  if (!scales || !sizes || !roi) return std::nullopt;
  return semantics::resize_axes(op.node, mode, *op.variable(0).type.shape,
                                {*scales, {sizes->begin(), sizes->end()}, *roi});
}

// The library's nearest neighbour takes floor(at * in / out), whatever its other arguments.
bool is_library_nearest(const ResizeMode& mode, const ResizedAxis& axis) {
  const AxisWeights weights = semantics::axis_weights(mode, axis);
  const float scale = static_cast<float>(axis.size_in) / static_cast<float>(axis.size_out);
  for (int64_t at = 0; at < axis.size_out; ++at) {
    const auto index = std::min(static_cast<int64_t>(std::floor(static_cast<float>(at) * scale)),
                                axis.size_in - 1);
    if (weights.indices[static_cast<size_t>(at)] != index) return false;
  }
  return true;
}

// A fast function of the library that computes the same; empty where there is none. Its bicubic one
// is no faster than the sums below.
std::string library_function(Operation& op, const ResizeMode& mode, const Axes& axes) {
  if (axes.size() < 3 || axes.size() > 5) return "";
  if (!axes[0].unchanged() || !axes[1].unchanged()) return "";
  if (mode.crops() || mode.antialias || mode.exclude_outside) return "";
  if (op.type(0) != DataType::kFloat32 && op.type(0) != DataType::kFloat64) return "";
  const bool nearest = mode.interpolation == "nearest";
  if (!nearest && mode.interpolation != "linear") return "";
  const bool corners = mode.coordinates == "align_corners";
  const bool halves = mode.coordinates == "half_pixel" || mode.coordinates == "pytorch_half_pixel";
  Shape sizes;
  for (const ResizedAxis& axis : std::span(axes).subspan(2)) {
    if (axis.size_in < 0 || axis.size_out == 0) return "";
    if (nearest && !is_library_nearest(mode, axis)) return "";
    // It works out the scale from the sizes.
    const float exact = static_cast<float>(axis.size_out) / static_cast<float>(axis.size_in);
    const bool same = corners || (halves && exact == axis.scale && axis.size_out > 1);
    if (!nearest && !same) return "";
    sizes.push_back(axis.size_out);
  }
  const size_t count = sizes.size();
  if (nearest)
    return fmt::format("torch.upsample_nearest{}d({}, {})", count, op.in(0), list(sizes));
  const char* kind = count == 1 ? "linear" : count == 2 ? "bilinear" : "trilinear";
  return fmt::format("torch.upsample_{}{}d({}, {}, {})", kind, count, op.in(0), list(sizes),
                     truth(corners));
}

// Values along one axis of a tensor.
std::string along_constant(Operation& op, const std::vector<double>& values, size_t rank,
                           size_t axis, DataType type) {
  Shape shape(rank, 1);
  shape[axis] = static_cast<int64_t>(values.size());
  Tensor tensor = make_tensor(type, shape);
  from_doubles(values, tensor);
  return op.constant(std::move(tensor));
}

// [in, out], to be multiplied from the right.
std::string matrix_constant(Operation& op, const AxisWeights& weights, const ResizedAxis& axis,
                            DataType type) {
  Tensor matrix = make_tensor(type, {axis.size_in, axis.size_out});
  std::vector<double> values(static_cast<size_t>(axis.size_in * axis.size_out));
  for (size_t i = 0; i < weights.indices.size(); ++i) {
    const auto out = static_cast<int64_t>(i) / weights.taps;
    values[static_cast<size_t>(weights.indices[i] * axis.size_out + out)] += weights.weights[i];
  }
  from_doubles(values, matrix);
  return op.constant(std::move(matrix));
}

std::string resize_axis(Operation& op, const std::string& x, const AxisWeights& weights,
                        const ResizeMode& mode, const Axes& axes, size_t index, DataType type) {
  if (mode.interpolation == "nearest") {
    return fmt::format("torch.index_select({}, {}, {})", x, index,
                       op.ints_constant(weights.indices));
  }
  if (weights.taps > kMaxTapsOneByOne) {
    return fmt::format("torch.matmul({0}.transpose({1}, -1), {2}).transpose({1}, -1)", x, index,
                       matrix_constant(op, weights, axes[index], type));
  }
  std::string sum;
  for (int64_t tap = 0; tap < weights.taps; ++tap) {
    if (tap > 0) sum += " + ";
    sum += fmt::format("torch.index_select({}, {}, {}) * {}", x, index,
                       op.ints_constant(weights.indices_of(tap)),
                       along_constant(op, weights.weights_of(tap), axes.size(), index, type));
  }
  return sum;
}

// With scales or sizes that are known only when it runs.
std::string resize_at_run_time(Operation& op, const ResizeMode& mode, const std::string& x) {
  const semantics::ResizeInputs inputs = semantics::resize_inputs(op.node);
  const auto floats = [&](std::optional<size_t> index) {
    return index ? op.let_typed("List[float]", op.in(*index) + ".to(7).reshape([-1]).tolist()")
                 : float_list({});
  };
  const auto quoted = [](const std::string& text) { return "\"" + text + "\""; };
  const std::vector<double> attribute = semantics::attribute_scales(op.node);
  const std::string scales = attribute.empty() ? floats(inputs.scales) : float_list(attribute);
  return op.call(
      "resize_dynamic",
      {x, scales, inputs.sizes ? op.int_list(*inputs.sizes) : list({}),
       mode.crops() ? floats(inputs.roi) : float_list({}),
       list(semantics::resized_axes(op.node, static_cast<size_t>(op.rank(0)))),
       quoted(op.node.text("keep_aspect_ratio_policy", "stretch")), quoted(mode.interpolation),
       quoted(mode.coordinates), quoted(mode.nearest), number(mode.cubic_a),
       truth(mode.exclude_outside), truth(mode.antialias), number(mode.extrapolation_value)});
}

// Axis by axis.
std::string resize_by_weights(Operation& op, const ResizeMode& mode, const Axes& axes,
                              std::string y, DataType type) {
  std::string outside;
  for (size_t i = 0; i < axes.size(); ++i) {
    if (axes[i].unchanged()) continue;
    const AxisWeights weights = semantics::axis_weights(mode, axes[i]);
    y = op.let(resize_axis(op, y, weights, mode, axes, i, type));
    if (!weights.any_outside()) continue;
    const std::vector<double> mask(weights.outside.begin(), weights.outside.end());
    const std::string here = along_constant(op, mask, axes.size(), i, DataType::kBool);
    outside =
        outside.empty() ? here : op.let(fmt::format("torch.logical_or({}, {})", outside, here));
  }
  if (outside.empty()) return y;
  return fmt::format("torch.where({}, torch.full_like({}, {}), {})", outside, y,
                     number(mode.extrapolation_value), y);
}

void emit_resize(Operation& op) {
  const ResizeMode mode = semantics::read_resize_mode(op.node);
  const auto axes = known_axes(op, mode);
  if (is_integer(op.type(0))) semantics::require_same_integers(mode, axes);
  if (axes) {
    const std::string function = library_function(op, mode, *axes);
    if (!function.empty()) return op.out(function);
  }
  const DataType type = op.type(0);
  const bool as_it_is =
      type == DataType::kFloat32 || type == DataType::kFloat64 || mode.interpolation == "nearest";
  const DataType wide = type == DataType::kFloat64 ? type : DataType::kFloat32;
  const std::string x = as_it_is ? op.in(0) : op.let(op.in(0) + ".to(6)");
  const std::string y =
      axes ? resize_by_weights(op, mode, *axes, x, wide) : resize_at_run_time(op, mode, x);
  op.out(as_it_is ? y : fmt::format("({}).to({})", y, dtype(type)));
}

}  // namespace

Operators resize_operators() {
  Operators table;
  table["Resize"] = emit_resize;
  table["Upsample"] = emit_resize;
  return table;
}

}  // namespace dnnbench::pytorch
