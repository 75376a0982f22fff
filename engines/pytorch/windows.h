// What convolutions and pooling share: their windows (semantics/windows.h) in TorchScript.
#pragma once

#include "operation.h"
#include "semantics/windows.h"

namespace dnnbench::pytorch {

using semantics::Windows;

// Of a node, with the spatial sizes of its first input as far as they are known. `kernel` counts
// where the node has no kernel_shape.
Windows read_windows(const Operation& op, const Shape& kernel);

// The spatial sizes of an input of known rank; -1 where one is not known.
Shape spatial_sizes(const Operation& op, size_t index);

// The spatial sizes of weights [M, C/group, k...].
Shape kernel_of_weights(const Operation& op, size_t index);

// "[left, right, top, bottom]" in the library's order, last dimension first.
Shape pads_last_first(const Shape& before, const Shape& after);

// The expression of a convolution of `x`; padding that differs between the two sides is put before
// it.
std::string emit_convolution(Operation& op, const Windows& windows, const std::string& x,
                             const std::string& weights, const std::string& bias);

}  // namespace dnnbench::pytorch
