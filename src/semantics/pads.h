// Pad in plain numbers (https://onnx.ai/onnx/operators/onnx__Pad.html).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "import/graph.h"

namespace dnnbench::semantics {

// Elements to add to each axis; negative: to cut off.
struct Pads {
  std::vector<int64_t> before;
  std::vector<int64_t> after;

  bool cuts() const;
};

// constant, reflect, edge or wrap. Throws Unsupported for others.
std::string read_pad_mode(const import::Node& node);

// Before opset 11 pads and value are attributes, later they are inputs 1 and 2, the axes input 3.
bool pads_are_attributes(const import::Node& node);

// `pads`: all that come before, then all after, of these axes; of every axis where `axes` is empty.
// Throws Unsupported where they do not fit.
Pads spread_pads(const std::vector<int64_t>& pads, const std::vector<int64_t>& axes, size_t rank);

}  // namespace dnnbench::semantics
