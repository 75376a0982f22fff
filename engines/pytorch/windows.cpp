#include "windows.h"

#include <fmt/format.h>

namespace dnnbench::pytorch {

Shape spatial_sizes(const Operation& op, size_t index) {
  const int64_t rank = op.rank(index);
  op.require(rank >= 3, "its input has no spatial dimensions");
  const Shape& shape = *op.variable(index).type.shape;
  return {shape.begin() + 2, shape.end()};
}

Windows read_windows(const Operation& op, const Shape& kernel) {
  return semantics::read_windows(op.node, spatial_sizes(op, 0), kernel);
}

Shape kernel_of_weights(const Operation& op, size_t index) {
  Shape kernel;
  for (int64_t i = 2; i < op.rank(index); ++i) kernel.push_back(op.size(index, i));
  return kernel;
}

Shape pads_last_first(const Shape& before, const Shape& after) {
  Shape pads;
  for (size_t i = before.size(); i-- > 0;) {
    pads.push_back(before[i]);
    pads.push_back(after[i]);
  }
  return pads;
}

std::string emit_convolution(Operation& op, const Windows& w, const std::string& x,
                             const std::string& weights, const std::string& bias) {
  const size_t count = w.dimensions();
  op.require(count <= 3, "other than one to three spatial dimensions");
  std::string padded = x;
  Shape pads = w.before;
  if (w.before != w.after) {
    padded = op.let(
        fmt::format("torch.constant_pad_nd({}, {})", x, list(pads_last_first(w.before, w.after))));
    pads.assign(count, 0);
  }
  return fmt::format("torch.conv{}d({}, {}, {}, {}, {}, {}, {})", count, padded, weights, bias,
                     list(w.strides), list(pads), list(w.dilations), op.node.integer("group", 1));
}

}  // namespace dnnbench::pytorch
