// Resize and Upsample in plain numbers: which input elements, with which weights, make each output
// element along one axis (https://onnx.ai/onnx/operators/onnx__Resize.html). Coordinates are
// computed in float32, as ONNX Runtime does: one on the border between two elements must fall on
// the same side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "import/graph.h"

namespace dnnbench::semantics {

// In the operator's words; read_resize_mode lets no others through.
struct ResizeMode {
  std::string interpolation = "nearest";       // nearest, linear or cubic
  std::string coordinates = "half_pixel";      // coordinate_transformation_mode
  std::string nearest = "round_prefer_floor";  // nearest_mode; "simple" is that before opset 11
  double cubic_a = -0.75;
  bool exclude_outside = false;
  bool antialias = false;
  double extrapolation_value = 0;

  // Whether it takes a region of the input, outside of which lies the extrapolation value.
  bool crops() const { return coordinates == "tf_crop_and_resize"; }
};

// Throws Unsupported for a mode that the operator does not have.
ResizeMode read_resize_mode(const import::Node& node);

// Which inputs hold what; nullopt: the node has no such input.
struct ResizeInputs {
  std::optional<size_t> roi, scales, sizes;
};
ResizeInputs resize_inputs(const import::Node& node);

// The axes that scales, sizes and regions are given for, counted from 0.
std::vector<int64_t> resized_axes(const import::Node& node, size_t rank);

// What those inputs hold, or the attributes of Upsample: scales or sizes, not both.
struct ResizeTargets {
  std::vector<double> scales;
  std::vector<int64_t> sizes;
  std::vector<double> roi;  // all starts, then all ends
};

// The scales that are attributes, before opset 9; empty for later ones.
std::vector<double> attribute_scales(const import::Node& node);

// One axis of the input.
struct ResizedAxis {
  int64_t size_in = 0;  // -1: not known, and it stays as it is
  int64_t size_out = 0;
  float scale = 1;  // output per input
  float roi_start = 0;
  float roi_end = 1;

  bool unchanged() const {
    return size_in == size_out && scale == 1 && roi_start == 0 && roi_end == 1;
  }
};

// Of every axis of an input of that shape. nullopt where they depend on sizes (-1 in `shape`) that
// are known only when the model runs. Throws Unsupported where the targets do not fit the axes.
std::optional<std::vector<ResizedAxis>> resize_axes(const import::Node& node,
                                                    const ResizeMode& mode,
                                                    const std::vector<int64_t>& shape,
                                                    const ResizeTargets& targets);

// Integers are interpolated in floating point and cut, as a C cast does it, so that the last digit
// of a sum decides. Throws Unsupported where an axis at a time may give another one than ONNX
// Runtime, which multiplies the weights of all axes first, and works in fixed point where channels
// are last. `axes`: nullopt where they are known only when the model runs.
void require_same_integers(const ResizeMode& mode,
                           const std::optional<std::vector<ResizedAxis>>& axes);

// Of each output element: input elements and their weights, as many for each (`taps`), and whether
// it lies outside the region.
struct AxisWeights {
  int64_t taps = 1;
  std::vector<int64_t> indices;  // [size_out, taps], within the input
  std::vector<double> weights;   // [size_out, taps]
  std::vector<bool> outside;     // [size_out]

  size_t size() const { return outside.size(); }
  bool any_outside() const;
  // The n-th input element of each output element, and its weight.
  std::vector<int64_t> indices_of(int64_t tap) const;
  std::vector<double> weights_of(int64_t tap) const;
};

// Of an axis of known size.
AxisWeights axis_weights(const ResizeMode& mode, const ResizedAxis& axis);

}  // namespace dnnbench::semantics
