// The defaults of Selu (https://onnx.ai/onnx/operators/onnx__Selu.html).
#pragma once

#include "import/graph.h"

namespace dnnbench::semantics {

struct Selu {
  double alpha;
  double gamma;
};

Selu read_selu(const import::Node& node);

}  // namespace dnnbench::semantics
