// The attributes that convolutions and pooling share: kernel, strides, dilations and padding of
// each spatial dimension.
#pragma once

#include "operation.h"

namespace dnnbench::pytorch {

struct Window {
  Shape kernel;
  Shape strides;
  Shape dilations;
  Shape begin;  // padding before
  Shape end;    // and after
};

// Of a node, with `auto_pad` resolved against the first input's size. `kernel` counts where the
// node has no kernel_shape.
Window read_window(Operation& op, const Shape& kernel);

// The spatial sizes of weights [M, C/group, k...].
Shape kernel_of_weights(Operation& op, size_t index);

bool is_symmetric(const Window& window);

// "[left, right, top, bottom]" in the library's order, last dimension first.
Shape pads_last_first(const Window& window);

// The expression of a convolution of `x`; padding that differs between the two sides is put before
// it.
std::string write_convolution(Operation& op, const Window& window, const std::string& x,
                              const std::string& weights, const std::string& bias);

}  // namespace dnnbench::pytorch
