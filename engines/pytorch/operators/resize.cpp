// Resize, Upsample, GridSample, AffineGrid.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "interpolation.h"
#include "operators.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

constexpr int64_t kMaxTapsOneByOne = 4;  // more become a product with a matrix

struct Resizing {
  ResizeMode mode;
  std::vector<ResizedAxis> axes;  // one an axis of the input
  double extrapolation_value = 0;
};

// An input of numbers: the tensor's, from opset 10 on; roi and sizes only from 11 on.
std::optional<std::vector<double>> numbers(Operation& op, size_t index) {
  if (!op.has(index)) return std::vector<double>{};
  const auto& constant = op.variable(index).constant;
  if (!constant) return std::nullopt;
  return constant->doubles();
}

void read_mode(Operation& op, Resizing& resizing) {
  ResizeMode& mode = resizing.mode;
  mode.interpolation = op.node.text("mode", "nearest");
  if (mode.interpolation == "bilinear") mode.interpolation = "linear";
  op.require(mode.interpolation == "nearest" || mode.interpolation == "linear" ||
                 mode.interpolation == "cubic",
             "mode " + mode.interpolation);
  const bool old = op.node.op == "Upsample" || op.node.opset < 11;
  mode.coordinates =
      op.node.text("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel");
  mode.nearest = op.node.text("nearest_mode", old ? "simple" : "round_prefer_floor");
  mode.cubic_a = op.node.number("cubic_coeff_a", -0.75);
  mode.exclude_outside = op.node.integer("exclude_outside", 0) != 0;
  mode.antialias = op.node.integer("antialias", 0) != 0;
  mode.extrapolates = mode.coordinates == "tf_crop_and_resize";
  resizing.extrapolation_value = op.node.number("extrapolation_value", 0);
}

std::vector<double> scales_of(Operation& op, size_t index) {
  if (op.node.op == "Upsample" && op.node.opset < 9) {
    const import::Attribute* scales = op.node.attribute("scales");
    if (scales != nullptr) return scales->floats;
    return {1, 1, op.node.number("height_scale", 1), op.node.number("width_scale", 1)};
  }
  const auto scales = numbers(op, index);
  op.require(scales.has_value(), "scales that are not constant");
  return *scales;
}

// Sizes that keep the picture's proportions, from opset 18 on.
void keep_proportions(Operation& op, const std::vector<int64_t>& axes, std::vector<double>& sizes,
                      std::vector<float>& scales) {
  const std::string policy = op.node.text("keep_aspect_ratio_policy", "stretch");
  if (policy == "stretch") return;
  const bool smaller = policy == "not_larger";
  float scale = smaller ? std::numeric_limits<float>::max() : 0;
  for (const float one : scales) scale = smaller ? std::min(scale, one) : std::max(scale, one);
  for (size_t i = 0; i < axes.size(); ++i) {
    scales[i] = scale;
    sizes[i] = std::floor(scale * static_cast<float>(op.size(0, axes[i])) + 0.5F);
  }
}

void read_axes(Operation& op, Resizing& resizing) {
  const bool old = op.node.op == "Upsample" || op.node.opset < 11;
  const int64_t rank = op.rank(0);
  std::vector<int64_t> axes = op.node.integers("axes");
  if (axes.empty()) {
    for (int64_t i = 0; i < rank; ++i) axes.push_back(i);
  }
  for (int64_t& axis : axes) axis = op.axis(axis);
  std::vector<double> scales_given = scales_of(op, old ? 1 : 2);
  auto sizes_given =
      old ? std::optional<std::vector<double>>(std::vector<double>{}) : numbers(op, 3);
  op.require(sizes_given.has_value(), "sizes that are not constant");
  std::vector<float> scales(scales_given.begin(), scales_given.end());
  if (!sizes_given->empty()) {
    scales.clear();
    for (size_t i = 0; i < axes.size(); ++i) {
      scales.push_back(static_cast<float>((*sizes_given).at(i)) /
                       static_cast<float>(op.size(0, axes[i])));
    }
    keep_proportions(op, axes, *sizes_given, scales);
  }
  std::vector<double> roi;
  if (resizing.mode.extrapolates) {
    const auto given = numbers(op, 1);
    op.require(given.has_value() && given->size() == 2 * axes.size(),
               "a region that is not constant");
    roi = *given;
  }
  op.require(scales.size() == axes.size(), "neither scales nor sizes");
  for (int64_t i = 0; i < rank; ++i) {
    resizing.axes.push_back({op.size(0, i), op.size(0, i), 1, 0, 1});
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    ResizedAxis& axis = resizing.axes[static_cast<size_t>(axes[i])];
    axis.scale = scales[i];
    if (!roi.empty()) {
      axis.roi_start = roi[i];
      axis.roi_end = roi[axes.size() + i];
    }
    const double extent = roi.empty() ? 1 : axis.roi_end - axis.roi_start;
    axis.size_out = sizes_given->empty()
                        ? static_cast<int64_t>(std::floor(static_cast<float>(axis.size_in) *
                                                          static_cast<float>(extent) * axis.scale))
                        : static_cast<int64_t>((*sizes_given)[i]);
  }
}

bool unchanged(const ResizedAxis& axis) {
  return axis.size_in == axis.size_out && axis.scale == 1 && axis.roi_start == 0 &&
         axis.roi_end == 1;
}

// The library's nearest neighbour takes floor(at * in / out), whatever else it is told.
bool is_library_nearest(const AxisWeights& weights, const ResizedAxis& axis) {
  const float scale = static_cast<float>(axis.size_in) / static_cast<float>(axis.size_out);
  for (int64_t at = 0; at < axis.size_out; ++at) {
    const auto index = std::min(static_cast<int64_t>(std::floor(static_cast<float>(at) * scale)),
                                axis.size_in - 1);
    if (weights.indices[static_cast<size_t>(at)] != index) return false;
  }
  return true;
}

// A fast function of the library that computes the same; empty where there is none.
std::string library_function(Operation& op, const Resizing& resizing) {
  const auto& axes = resizing.axes;
  if (axes.size() != 4 || !unchanged(axes[0]) || !unchanged(axes[1])) return "";
  const ResizeMode& mode = resizing.mode;
  if (mode.extrapolates || mode.antialias || mode.exclude_outside) return "";
  if (op.type(0) != DataType::kFloat32 && op.type(0) != DataType::kFloat64) return "";
  const std::string sizes = list({axes[2].size_out, axes[3].size_out});
  if (mode.interpolation == "nearest") {
    for (size_t i = 2; i < 4; ++i) {
      if (!is_library_nearest(axis_weights(mode, axes[i]), axes[i])) return "";
    }
    return fmt::format("torch.upsample_nearest2d({}, {})", op.in(0), sizes);
  }
  if (mode.interpolation != "linear") return "";
  const bool corners = mode.coordinates == "align_corners";
  const bool halves = mode.coordinates == "half_pixel" || mode.coordinates == "pytorch_half_pixel";
  for (size_t i = 2; i < 4; ++i) {
    // It works out the scale from the sizes.
    const float exact = static_cast<float>(axes[i].size_out) / static_cast<float>(axes[i].size_in);
    if (!corners && (!halves || exact != axes[i].scale || axes[i].size_out <= 1)) return "";
  }
  return fmt::format("torch.upsample_bilinear2d({}, {}, {})", op.in(0), sizes, truth(corners));
}

std::string weights_constant(Operation& op, const AxisWeights& weights, int64_t tap, size_t rank,
                             size_t axis, DataType type) {
  Shape shape(rank, 1);
  shape[axis] = static_cast<int64_t>(weights.outside.size());
  Tensor tensor = make_tensor(type, shape);
  std::vector<double> values;
  for (size_t at = 0; at < weights.outside.size(); ++at) {
    values.push_back(
        weights.weights[at * static_cast<size_t>(weights.taps) + static_cast<size_t>(tap)]);
  }
  from_doubles(values, tensor);
  return op.constant(std::move(tensor));
}

std::string indices_constant(Operation& op, const AxisWeights& weights, int64_t tap) {
  std::vector<int64_t> indices;
  for (size_t at = 0; at < weights.outside.size(); ++at) {
    indices.push_back(
        weights.indices[at * static_cast<size_t>(weights.taps) + static_cast<size_t>(tap)]);
  }
  return op.ints_constant(indices);
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
                        const Resizing& resizing, size_t index, DataType type) {
  const auto axis = static_cast<int64_t>(index);
  if (resizing.mode.interpolation == "nearest") {
    return fmt::format("torch.index_select({}, {}, {})", x, axis, indices_constant(op, weights, 0));
  }
  if (weights.taps > kMaxTapsOneByOne) {
    return fmt::format("torch.matmul({0}.transpose({1}, -1), {2}).transpose({1}, -1)", x, axis,
                       matrix_constant(op, weights, resizing.axes[index], type));
  }
  std::string sum;
  for (int64_t tap = 0; tap < weights.taps; ++tap) {
    if (tap > 0) sum += " + ";
    sum += fmt::format("torch.index_select({}, {}, {}) * {}", x, axis,
                       indices_constant(op, weights, tap),
                       weights_constant(op, weights, tap, resizing.axes.size(), index, type));
  }
  return sum;
}

std::string outside_constant(Operation& op, const AxisWeights& weights, size_t rank, size_t axis) {
  Shape shape(rank, 1);
  shape[axis] = static_cast<int64_t>(weights.outside.size());
  Tensor tensor = make_tensor(DataType::kBool, shape);
  for (size_t at = 0; at < weights.outside.size(); ++at) {
    tensor.bytes[at] = std::byte{weights.outside[at] ? uint8_t{1} : uint8_t{0}};
  }
  return op.constant(std::move(tensor));
}

bool is_constant(Operation& op, size_t index) {
  return !op.has(index) || op.variable(index).constant.has_value();
}

// With scales or sizes that are known only when it runs.
void write_dynamic_resize(Operation& op, const Resizing& resizing) {
  const ResizeMode& mode = resizing.mode;
  const bool old = op.node.op == "Upsample" || op.node.opset < 11;
  const auto floats = [&](size_t index) {
    return op.has(index)
               ? op.let_typed("List[float]", op.in(index) + ".to(7).reshape([-1]).tolist()")
               : "[0.0][:0]";
  };
  const auto quoted = [](const std::string& text) { return "\"" + text + "\""; };
  const bool floating = op.type(0) == DataType::kFloat32 || op.type(0) == DataType::kFloat64;
  const std::string x = floating ? op.in(0) : op.let(op.in(0) + ".to(6)");
  const std::string y = op.call(
      "resize_dynamic",
      {x, floats(old ? 1 : 2), !old && op.has(3) ? op.int_list(3) : "[0][:0]",
       mode.extrapolates ? floats(1) : "[0.0][:0]", list(op.node.integers("axes")),
       quoted(op.node.text("keep_aspect_ratio_policy", "stretch")), quoted(mode.interpolation),
       quoted(mode.coordinates), quoted(mode.nearest), number(mode.cubic_a),
       truth(mode.exclude_outside), truth(mode.antialias), number(resizing.extrapolation_value)});
  op.out(floating ? y : fmt::format("{}.to({})", y, dtype(op.type(0))));
}

void write_resize(Operation& op) {
  Resizing resizing;
  read_mode(op, resizing);
  const bool sizes_are_inputs = op.node.op != "Upsample" || op.node.opset >= 9;
  if (sizes_are_inputs && !(is_constant(op, 1) && is_constant(op, 2) && is_constant(op, 3))) {
    return write_dynamic_resize(op, resizing);
  }
  read_axes(op, resizing);
  const std::string function = library_function(op, resizing);
  if (!function.empty()) return op.out(function);
  const DataType type = op.type(0);
  const bool nearest = resizing.mode.interpolation == "nearest";
  const bool floating = type == DataType::kFloat32 || type == DataType::kFloat64;
  const DataType wide = floating ? type : DataType::kFloat32;
  std::string y = nearest || floating ? op.in(0) : op.let(op.in(0) + ".to(6)");
  std::string outside;
  for (size_t i = 0; i < resizing.axes.size(); ++i) {
    if (unchanged(resizing.axes[i])) continue;
    const AxisWeights weights = axis_weights(resizing.mode, resizing.axes[i]);
    y = op.let(resize_axis(op, y, weights, resizing, i, wide));
    if (std::find(weights.outside.begin(), weights.outside.end(), true) == weights.outside.end())
      continue;
    const std::string mask = outside_constant(op, weights, resizing.axes.size(), i);
    outside =
        outside.empty() ? mask : op.let(fmt::format("torch.logical_or({}, {})", outside, mask));
  }
  if (!outside.empty()) {
    y = op.let(fmt::format("torch.where({}, torch.full_like({}, {}), {})", outside, y,
                           number(resizing.extrapolation_value), y));
  }
  if (!nearest && !floating) {
    // Integers are cut, as a C cast does.
    y = op.let(fmt::format("{}.to({})", y, dtype(type)));
  }
  op.out(y);
}

void write_grid_sample(Operation& op) {
  const std::string mode = op.node.text("mode", "linear");
  const std::string padding = op.node.text("padding_mode", "zeros");
  const int64_t rank = op.rank(0);
  const int way = mode == "nearest" ? 1 : mode == "cubic" || mode == "bicubic" ? 2 : 0;
  const int beyond = padding == "border" ? 1 : padding == "reflection" ? 2 : 0;
  op.require(rank == 4 || (rank == 5 && way != 2),
             "other than two dimensions, or three without cubic");
  op.out(fmt::format("torch.grid_sampler_{}d({}, {}, {}, {}, {})", rank - 2, op.in(0), op.in(1),
                     way, beyond, truth(op.node.integer("align_corners", 0) != 0)));
}

void write_affine_grid(Operation& op) {
  op.out(fmt::format("torch.affine_grid_generator({}, {}, {})", op.in(0), op.int_list(1),
                     truth(op.node.integer("align_corners", 0) != 0)));
}

}  // namespace

void add_resize(Operators& table) {
  table["Resize"] = write_resize;
  table["Upsample"] = write_resize;
  table["GridSample"] = write_grid_sample;
  table["AffineGrid"] = write_affine_grid;
}

}  // namespace dnnbench::pytorch
