#include "windows.h"

#include <fmt/format.h>

#include <algorithm>

namespace dnnbench::pytorch {
namespace {

// So that each output is input / stride, rounded up
// (https://onnx.ai/onnx/operators/onnx__Conv.html, auto_pad).
void set_same_pads(Operation& op, bool upper, Window& window) {
  for (size_t i = 0; i < window.kernel.size(); ++i) {
    const int64_t in = op.size(0, static_cast<int64_t>(i) + 2);
    const int64_t out = (in + window.strides[i] - 1) / window.strides[i];
    const int64_t extent = (window.kernel[i] - 1) * window.dilations[i] + 1;
    const int64_t total = std::max<int64_t>(0, (out - 1) * window.strides[i] + extent - in);
    window.begin[i] = upper ? total / 2 : total - total / 2;
    window.end[i] = total - window.begin[i];
  }
}

}  // namespace

Window read_window(Operation& op, const Shape& kernel) {
  Window window;
  window.kernel = op.node.integers("kernel_shape", kernel);
  if (window.kernel.empty()) window.kernel = kernel;
  const size_t count = window.kernel.size();
  window.strides = op.node.integers("strides", Shape(count, 1));
  window.dilations = op.node.integers("dilations", Shape(count, 1));
  const Shape pads = op.node.integers("pads", Shape(2 * count, 0));
  op.require(window.strides.size() == count && window.dilations.size() == count &&
                 pads.size() == 2 * count,
             "strides, dilations and pads of another number of dimensions than the kernel");
  window.begin.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(count));
  window.end.assign(pads.begin() + static_cast<std::ptrdiff_t>(count), pads.end());
  const std::string auto_pad = op.node.text("auto_pad", "NOTSET");
  const bool transposed = op.node.op == "ConvTranspose";
  if (!transposed && (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER")) {
    set_same_pads(op, auto_pad == "SAME_UPPER", window);
  }
  if (auto_pad == "VALID") window.begin = window.end = Shape(count, 0);
  return window;
}

Shape kernel_of_weights(Operation& op, size_t index) {
  Shape kernel;
  for (int64_t i = 2; i < op.rank(index); ++i) kernel.push_back(op.size(index, i));
  return kernel;
}

bool is_symmetric(const Window& window) { return window.begin == window.end; }

Shape pads_last_first(const Window& window) {
  Shape pads;
  for (size_t i = window.kernel.size(); i-- > 0;) {
    pads.push_back(window.begin[i]);
    pads.push_back(window.end[i]);
  }
  return pads;
}

std::string write_convolution(Operation& op, const Window& window, const std::string& x,
                              const std::string& weights, const std::string& bias) {
  const size_t count = window.kernel.size();
  op.require(count >= 1 && count <= 3, "other than one to three spatial dimensions");
  std::string padded = x;
  Shape pads = window.begin;
  if (!is_symmetric(window)) {
    padded = op.let(fmt::format("torch.constant_pad_nd({}, {})", x, list(pads_last_first(window))));
    pads.assign(count, 0);
  }
  return fmt::format("torch.conv{}d({}, {}, {}, {}, {}, {}, {})", count, padded, weights, bias,
                     list(window.strides), list(pads), list(window.dilations),
                     op.node.integer("group", 1));
}

}  // namespace dnnbench::pytorch
