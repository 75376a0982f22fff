#include "semantics/resize.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <numeric>

#include "core/error.h"

namespace dnnbench::semantics {
namespace {

bool is_before_opset_11(const import::Node& node) {
  return node.op == "Upsample" || node.opset < 11;
}

void require_one_of(const std::string& value, const char* what,
                    std::initializer_list<const char*> known) {
  for (const char* one : known) {
    if (value == one) return;
  }
  throw Unsupported("it has the " + std::string(what) + " " + value);
}

float ratio(int64_t size_out, int64_t size_in) {
  return static_cast<float>(size_out) / static_cast<float>(size_in);
}

// One scale for all the axes, with which the result fits into the sizes or covers them.
void keep_aspect_ratio(std::vector<ResizedAxis>& axes, const std::vector<int64_t>& named,
                       bool smaller) {
  float scale = axes[static_cast<size_t>(named.front())].scale;
  for (const int64_t i : named) {
    const float own = axes[static_cast<size_t>(i)].scale;
    scale = smaller ? std::min(scale, own) : std::max(scale, own);
  }
  for (const int64_t i : named) {
    ResizedAxis& axis = axes[static_cast<size_t>(i)];
    axis.scale = scale;
    axis.size_out = std::lround(scale * static_cast<float>(axis.size_in));
  }
}

// With 8-bit integers, sums and products of two such are exact in f32.
bool is_exact_weight(double weight) {
  constexpr double kSteps = 256;
  return weight * kSteps == std::floor(weight * kSteps);
}

}  // namespace

ResizeMode read_resize_mode(const import::Node& node) {
  const bool old = is_before_opset_11(node);
  ResizeMode mode;
  mode.interpolation = node.text("mode", "nearest");
  if (mode.interpolation == "bilinear" || mode.interpolation == "trilinear") {
    mode.interpolation = "linear";
  }
  require_one_of(mode.interpolation, "mode", {"nearest", "linear", "cubic"});
  mode.coordinates = old ? "asymmetric" : node.text("coordinate_transformation_mode", "half_pixel");
  require_one_of(mode.coordinates, "coordinate_transformation_mode",
                 {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                  "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"});
  mode.nearest = old ? "simple" : node.text("nearest_mode", "round_prefer_floor");
  require_one_of(mode.nearest, "nearest_mode",
                 {"simple", "round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
  mode.cubic_a = node.number("cubic_coeff_a", -0.75);
  mode.exclude_outside = node.integer("exclude_outside", 0) != 0;
  mode.antialias = node.integer("antialias", 0) != 0;
  mode.extrapolation_value = node.number("extrapolation_value", 0);
  return mode;
}

void require_same_integers(const ResizeMode& mode,
                           const std::optional<std::vector<ResizedAxis>>& axes) {
  if (mode.interpolation == "nearest") return;
  if (mode.antialias) {
    throw Unsupported("antialias of integers, which ONNX Runtime rounds after each dimension");
  }
  if (!axes) throw Unsupported("interpolated integers of sizes known only when the model runs");
  if (axes->size() == 4 && !(*axes)[1].unchanged()) {
    throw Unsupported("interpolated integers with channels last, which ONNX Runtime rounds");
  }
  size_t resized = 0;
  bool are_exact = true;
  for (const ResizedAxis& axis : *axes) {
    if (axis.unchanged()) continue;
    ++resized;
    const std::vector<double> weights = axis_weights(mode, axis).weights;
    are_exact = are_exact && std::all_of(weights.begin(), weights.end(), is_exact_weight);
  }
  if (resized > 1 && !are_exact) {
    throw Unsupported("interpolated integers whose last digit depends on the order of rounding");
  }
}

ResizeInputs resize_inputs(const import::Node& node) {
  ResizeInputs inputs;
  const auto given = [&](size_t index) {
    return node.has_input(index) ? std::optional<size_t>(index) : std::nullopt;
  };
  if (is_before_opset_11(node)) {
    inputs.scales = given(1);
  } else {
    inputs.roi = given(1);
    inputs.scales = given(2);
    inputs.sizes = given(3);
  }
  return inputs;
}

std::vector<int64_t> resized_axes(const import::Node& node, size_t rank) {
  std::vector<int64_t> axes = node.integers("axes");
  if (axes.empty()) {
    axes.resize(rank);
    std::iota(axes.begin(), axes.end(), 0);
  }
  const auto count = static_cast<int64_t>(rank);
  for (int64_t& axis : axes) {
    if (axis < -count || axis >= count) {
      throw Unsupported("it has no axis " + std::to_string(axis));
    }
    if (axis < 0) axis += count;
  }
  return axes;
}

std::vector<double> attribute_scales(const import::Node& node) {
  const import::Attribute* scales = node.attribute("scales");
  return scales != nullptr ? scales->floats : std::vector<double>();
}

std::optional<std::vector<ResizedAxis>> resize_axes(const import::Node& node,
                                                    const ResizeMode& mode,
                                                    const std::vector<int64_t>& shape,
                                                    const ResizeTargets& targets) {
  const std::vector<int64_t> named = resized_axes(node, shape.size());
  const bool scaled = !targets.scales.empty();
  const size_t given = scaled ? targets.scales.size() : targets.sizes.size();
  if (given != named.size() || (mode.crops() && targets.roi.size() != 2 * given)) {
    throw Unsupported("its scales, sizes or regions do not fit its axes");
  }
  std::vector<ResizedAxis> axes;
  for (const int64_t size : shape) axes.push_back({size, size});
  for (size_t i = 0; i < named.size(); ++i) {
    ResizedAxis& axis = axes[static_cast<size_t>(named[i])];
    if (mode.crops()) {
      axis.roi_start = static_cast<float>(targets.roi[i]);
      axis.roi_end = static_cast<float>(targets.roi[i + given]);
    }
    if (scaled) axis.scale = static_cast<float>(targets.scales[i]);
    if (axis.size_in < 0) {
      if (!scaled || !axis.unchanged()) return std::nullopt;
      continue;
    }
    if (scaled) {
      // The region's extent does not count, whatever the operator's text says: neither ONNX's own
      // shape inference nor ONNX Runtime takes it into account.
      axis.size_out = static_cast<int64_t>(axis.scale * static_cast<float>(axis.size_in));
    } else {
      axis.size_out = targets.sizes[i];
      axis.scale = ratio(axis.size_out, axis.size_in);
    }
  }
  const std::string policy = node.text("keep_aspect_ratio_policy", "stretch");
  require_one_of(policy, "keep_aspect_ratio_policy", {"stretch", "not_larger", "not_smaller"});
  if (!scaled && !named.empty() && policy != "stretch") {
    keep_aspect_ratio(axes, named, policy == "not_larger");
  }
  return axes;
}

}  // namespace dnnbench::semantics
