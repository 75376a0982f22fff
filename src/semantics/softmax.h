// Softmax, LogSoftmax and Hardmax in plain numbers
// (https://onnx.ai/onnx/operators/onnx__Softmax.html).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "import/graph.h"

namespace dnnbench::semantics {

struct Softmax {
  int64_t axis = -1;  // counted from 0 where the rank is known; negative: from the end
  // Before opset 13 the input is a matrix, and its columns are `axis` and all axes that follow.
  // Only true where any follow.
  bool flattens = false;
};

// Throws Unsupported for an axis outside the rank, and before opset 13 for an unknown rank.
Softmax read_softmax(const import::Node& node, std::optional<size_t> rank);

}  // namespace dnnbench::semantics
