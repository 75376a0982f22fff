// What the operators that take elements from between the grid points of a picture ask for.
#pragma once

#include <cstdint>

#include "import/graph.h"

namespace dnnbench::semantics {

// https://onnx.ai/onnx/operators/onnx__GridSample.html
struct GridSample {
  enum class Mode { kLinear, kNearest, kCubic };
  enum class Outside { kZeros, kBorder, kReflection };

  Mode mode = Mode::kLinear;
  Outside outside = Outside::kZeros;
  bool align_corners = false;
};

// Throws Unsupported for a mode that the operator does not have.
GridSample read_grid_sample(const import::Node& node);

// https://onnx.ai/onnx/operators/onnx__RoiAlign.html
struct RoiAlign {
  int64_t rows = 1;
  int64_t columns = 1;
  int64_t samples = 0;  // per bin and dimension; 0: as many as the bin has elements
  double scale = 1;     // from a region's corners to the picture's elements
  bool half_pixel = true;
  bool takes_max = false;  // of the samples, not their mean
};

// Throws Unsupported for a mode that the operator does not have.
RoiAlign read_roi_align(const import::Node& node);

}  // namespace dnnbench::semantics
