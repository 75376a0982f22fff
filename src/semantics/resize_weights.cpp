// The part of resize.h that computes: coordinates and weights.
#include <algorithm>
#include <cmath>

#include "semantics/resize.h"

namespace dnnbench::semantics {
namespace {

// Where in the input the output element `at` lies.
float original_coordinate(const ResizeMode& mode, const ResizedAxis& axis, int64_t at) {
  const auto x = static_cast<float>(at);
  const auto in = static_cast<float>(axis.size_in), out = static_cast<float>(axis.size_out);
  const float scale = axis.scale;
  if (mode.coordinates == "align_corners") {
    return axis.size_out == 1 ? 0 : x * (in - 1) / (out - 1);
  }
  if (mode.coordinates == "asymmetric") return x / scale;
  if (mode.coordinates == "tf_half_pixel_for_nn") return (x + 0.5F) / scale;
  if (mode.coordinates == "pytorch_half_pixel" && axis.size_out <= 1) return 0;
  if (mode.coordinates == "half_pixel_symmetric") {
    // The length that the scale gives, which rounding may have made another one.
    const float adjustment = out / (scale * in);
    const float offset = in / 2 * (1 - adjustment);
    return offset + (x + 0.5F) / scale - 0.5F;
  }
  if (mode.coordinates == "tf_crop_and_resize") {
    const float start = axis.roi_start, end = axis.roi_end;
    return axis.size_out > 1 ? start * (in - 1) + x * (end - start) * (in - 1) / (out - 1)
                             : 0.5F * (start + end) * (in - 1);
  }
  return (x + 0.5F) / scale - 0.5F;
}

float nearest_of(const ResizeMode& mode, const ResizedAxis& axis, float x) {
  // Before opset 11 ONNX Runtime rounds up where it shrinks.
  if (mode.nearest == "simple") return axis.scale < 1 ? std::ceil(x) : std::trunc(x);
  if (mode.nearest == "floor") return std::floor(x);
  if (mode.nearest == "ceil") return std::ceil(x);
  if (mode.nearest == "round_prefer_ceil") return std::round(x);
  return std::ceil(x - 0.5F);
}

double linear_weight(double distance) { return std::max(0.0, 1 - std::abs(distance)); }

// Keys' cubic convolution.
double cubic_weight(double distance, double a) {
  const double x = std::abs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

// Antialiasing widens the filter where the result is smaller.
double reach_of(const ResizeMode& mode, const ResizedAxis& axis) {
  const double shrink = mode.antialias ? std::min<double>(1, axis.scale) : 1;
  return (mode.interpolation == "cubic" ? 2 : 1) / shrink;
}

void add_filtered(const ResizeMode& mode, const ResizedAxis& axis, double x, AxisWeights& result) {
  const bool cubic = mode.interpolation == "cubic";
  const double shrink = mode.antialias ? std::min<double>(1, axis.scale) : 1;
  const auto first = static_cast<int64_t>(std::floor(x - reach_of(mode, axis))) + 1;
  double sum = 0;
  const size_t start = result.weights.size();
  for (int64_t tap = 0; tap < result.taps; ++tap) {
    const int64_t at = first + tap;
    const double distance = (static_cast<double>(at) - x) * shrink;
    double weight = cubic ? cubic_weight(distance, mode.cubic_a) : linear_weight(distance);
    // The edge is repeated outside, or what lies there is left out.
    if (mode.exclude_outside && (at < 0 || at >= axis.size_in)) weight = 0;
    result.indices.push_back(std::clamp<int64_t>(at, 0, axis.size_in - 1));
    result.weights.push_back(weight);
    sum += weight;
  }
  if (sum == 0) return;
  for (size_t i = start; i < result.weights.size(); ++i) result.weights[i] /= sum;
}

}  // namespace

bool AxisWeights::any_outside() const {
  return std::find(outside.begin(), outside.end(), true) != outside.end();
}

std::vector<int64_t> AxisWeights::indices_of(int64_t tap) const {
  std::vector<int64_t> list;
  for (auto i = static_cast<size_t>(tap); i < indices.size(); i += static_cast<size_t>(taps)) {
    list.push_back(indices[i]);
  }
  return list;
}

std::vector<double> AxisWeights::weights_of(int64_t tap) const {
  std::vector<double> list;
  for (auto i = static_cast<size_t>(tap); i < weights.size(); i += static_cast<size_t>(taps)) {
    list.push_back(weights[i]);
  }
  return list;
}

AxisWeights axis_weights(const ResizeMode& mode, const ResizedAxis& axis) {
  AxisWeights result;
  if (mode.interpolation != "nearest") {
    result.taps = static_cast<int64_t>(std::ceil(2 * reach_of(mode, axis)));
  }
  const auto last = static_cast<float>(axis.size_in - 1);
  for (int64_t at = 0; at < axis.size_out; ++at) {
    const float x = original_coordinate(mode, axis, at);
    result.outside.push_back(mode.crops() && (x < 0 || x > last));
    if (mode.interpolation == "nearest") {
      const auto index = static_cast<int64_t>(nearest_of(mode, axis, x));
      result.indices.push_back(std::clamp<int64_t>(index, 0, axis.size_in - 1));
      result.weights.push_back(1);
    } else {
      add_filtered(mode, axis, static_cast<double>(x), result);
    }
  }
  return result;
}

}  // namespace dnnbench::semantics
