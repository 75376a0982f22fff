// Elementwise operators in their forms before opset 7, which did not broadcast as NumPy does
// (https://onnx.ai/onnx/operators/onnx__Add.html), and the defaults of Selu
// (https://onnx.ai/onnx/operators/onnx__Selu.html).
#pragma once

#include <cstddef>
#include <cstdint>

#include "import/graph.h"

namespace dnnbench::semantics {

// Whether the second operand lies along axes of the first one that need not be the last ones.
bool places_second_operand(const import::Node& node);

// How many axes of size 1 the second operand of such a node needs behind its own to broadcast as
// from opset 7 on. Throws Unsupported where it reaches beyond the first one's last axis.
int64_t axes_behind_second(const import::Node& node, size_t first_rank, size_t second_rank);

struct Selu {
  double alpha;
  double gamma;
};

Selu read_selu(const import::Node& node);

}  // namespace dnnbench::semantics
