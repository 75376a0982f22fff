// Resize's arithmetic, without a tensor in sight: which input elements, with which weights, make
// each output element along one axis (https://onnx.ai/onnx/operators/onnx__Resize.html). Done here
// and not by the library's own interpolation, whose coordinates are ONNX's in some modes only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dnnbench::pytorch {

struct ResizeMode {
  std::string interpolation = "nearest";       // nearest, linear or cubic
  std::string coordinates = "half_pixel";      // coordinate_transformation_mode
  std::string nearest = "round_prefer_floor";  // nearest_mode; "simple" is that of opset 10
  double cubic_a = -0.75;
  bool exclude_outside = false;
  bool antialias = false;
  bool extrapolates = false;  // tf_crop_and_resize: outside the input is a value of its own
};

struct ResizedAxis {
  int64_t size_in = 0;
  int64_t size_out = 0;
  float scale = 1;
  double roi_start = 0;  // tf_crop_and_resize
  double roi_end = 1;
};

// Of each output element: input elements and their weights, as many for each (`taps`), and whether
// it lies outside the input.
struct AxisWeights {
  int64_t taps = 1;
  std::vector<int64_t> indices;  // size_out * taps
  std::vector<double> weights;
  std::vector<bool> outside;
};

AxisWeights axis_weights(const ResizeMode& mode, const ResizedAxis& axis);

}  // namespace dnnbench::pytorch
