// Windows that slide over the spatial dimensions of a tensor: what convolutions and pools share, in
// plain numbers (https://onnx.ai/onnx/operators/onnx__Conv.html and onnx__MaxPool.html). All lists
// have one entry per spatial dimension.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "import/graph.h"

namespace dnnbench::semantics {

using Shape = std::vector<int64_t>;  // -1: not known before the model runs

struct Windows {
  Shape input;  // sizes of the spatial dimensions
  Shape kernel;
  Shape strides;
  Shape dilations;
  Shape before;      // padding before the input, and after it with what ceil_mode adds there: then
  Shape after;       // every window lies within the padded input. Never negative
  Shape ceil_extra;  // of `after`, what ceil_mode adds: it holds no element, not even a padded one
  Shape output;      // number of windows; -1 where the input's size is not known

  size_t dimensions() const { return kernel.size(); }
  bool padded() const;
  bool dilated() const;
  bool is_known() const;  // every size of input and output
  // What a window spans, dilation included.
  int64_t span(size_t i) const { return (kernel[i] - 1) * dilations[i] + 1; }
};

// Reads kernel_shape, strides, dilations, pads, auto_pad and ceil_mode. `kernel` counts where the
// node has no kernel_shape. Throws Unsupported where the attributes contradict each other or the
// input, and where `auto_pad` needs a size that is not known.
Windows read_windows(const import::Node& node, const Shape& input, const Shape& kernel);

// How many elements an average over each window is divided by: [output...]. With `counts_padding`
// padded elements count too, but never what ceil_mode adds.
std::vector<double> window_counts(const Windows& windows, bool counts_padding);

// For each window and place in it, the position among a channel's elements: [output..., kernel...];
// -1 in the padding. `column_major`: the first dimension is the one that runs fastest.
std::vector<int64_t> window_positions(const Windows& windows, bool column_major);

// ConvTranspose: each element of the input adds a window to the result, of which pads are cut off.
struct TransposedWindows {
  Shape input;
  Shape kernel;
  Shape strides;
  Shape dilations;
  Shape before;          // cut off
  Shape after;           // cut off; negative: that many zeros are added
  Shape output_padding;  // zeros added before that is done
  Shape full;            // sizes before anything is cut or added
  Shape output;

  size_t dimensions() const { return kernel.size(); }
  int64_t span(size_t i) const { return (kernel[i] - 1) * dilations[i] + 1; }
};

// As read_windows, with output_padding and output_shape.
TransposedWindows read_transposed_windows(const import::Node& node, const Shape& input,
                                          const Shape& kernel);

// Sizes of the tensor that MaxUnpool's indices count in: those that the pool's input had.
Shape unpooled_sizes(const import::Node& node, const Shape& input);

}  // namespace dnnbench::semantics
