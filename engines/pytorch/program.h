// A model as TorchScript: source text and the tensors that it reads as `self.NAME`. Plain data,
// without PyTorch's headers, which cost a compiler a quarter of a minute each time.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "import/graph.h"

namespace dnnbench::pytorch {

struct Program {
  std::string source;  // `def forward(self, x0: Tensor, ...)` and the functions that it calls
  std::vector<std::pair<std::string, import::Constant>> constants;
  int64_t nodes = 0;  // of the simplified graph, subgraphs included
};

// One line per node. Throws Unsupported with operator, opset and node name for what can't be
// expressed.
Program emit_program(const import::Graph& graph);

}  // namespace dnnbench::pytorch
