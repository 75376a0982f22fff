// What convolutions and pools share: windows that slide over the spatial dimensions.
#pragma once

#include <string>
#include <vector>

#include "operation.h"

namespace dnnbench::tf {

// A window along each spatial dimension, in the model's order.
struct Windows {
  Shape input;  // sizes of the spatial dimensions
  Shape kernel;
  Shape strides;
  Shape dilations;
  Shape before;  // padding
  Shape after;
  Shape output;

  size_t dimensions() const { return kernel.size(); }
  bool padded() const;
  bool dilated() const;
  // What a window spans, dilation included.
  int64_t span(size_t i) const { return (kernel[i] - 1) * dilations[i] + 1; }
};

// Reads strides, dilations, pads, auto_pad and ceil_mode. `after` includes what ceil_mode adds;
// windows never begin in it.
Windows read_windows(const Operation& n, const Shape& input, const Shape& kernel);

// Whether the padding is what TensorFlow's "SAME" gives.
bool is_same_padding(const Windows& windows);

// Pads the spatial dimensions of a tensor with channels last by `value`.
Out pad_spatial(Graph& g, Out x, const Windows& windows, double value);

// {1, spatial..., 1}, an attribute's value for channels last.
std::vector<int64_t> channels_last_list(const Shape& spatial);

// All windows side by side: channels last, each spatial dimension replaced by two, the window's
// number and the place in it. Elements outside the tensor are `value`.
Out extract_windows(Graph& g, Out x, const Windows& windows, double value);

// For each window and place in it, the position among a channel's elements: [outputs..., places];
// -1 in the padding. `column_major`: the first dimension is the one that runs fastest.
std::vector<int64_t> window_positions(const Windows& windows, bool column_major);

// The spatial sizes of an input of rank 3 or more; throws Unsupported where they are not known.
Shape spatial_sizes(const Operation& n, size_t input);

}  // namespace dnnbench::tf
