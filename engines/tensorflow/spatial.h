// What convolutions and pools share: their windows (semantics/windows.h) in TensorFlow's terms.
#pragma once

#include <vector>

#include "operation.h"
#include "semantics/windows.h"

namespace dnnbench::tf {

using semantics::Windows;

// The spatial sizes of an input of rank 3 or more; throws Unsupported where they are not known.
Shape spatial_sizes(const Operation& op, size_t input);

// Of a node whose first input has known spatial sizes. `kernel` counts where the node has no
// kernel_shape.
Windows read_windows(const Operation& op, const Shape& kernel = {});

// Whether the padding is what TensorFlow's "SAME" gives.
bool is_same_padding(const Windows& windows);

// Pads the spatial dimensions of a tensor with channels last by `value`.
Out pad_spatial(Graph& g, Out x, const Windows& windows, double value);

// {1, spatial..., 1}, an attribute's value for channels last.
std::vector<int64_t> channels_last_list(const Shape& spatial);

// All windows side by side: channels last, each spatial dimension replaced by two, the window's
// number and the place in it. Elements outside the tensor are `value`.
Out extract_windows(Graph& g, Out x, const Windows& windows, double value);

}  // namespace dnnbench::tf
