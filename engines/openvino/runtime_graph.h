// What OpenVINO really executes, read from the compiled model's runtime graph.
#pragma once

#include <openvino/runtime/compiled_model.hpp>
#include <string>

namespace dnnbench {

struct RuntimeGraph {
  std::string precision;  // of the nodes that compute in floating point: "f32", "f16", "bf16",
                          // "mixed"; "" when there is none
  std::string product_precision;  // of convolutions and matrix products: "int8" where all of them
                                  // are in 8 bits, "f32" where none is, otherwise "mixed"
  std::string node_precisions;    // how many nodes compute in which type: "bf16 59, f32 3"
  int64_t nodes = 0;              // nodes that are executed: all but constants, inputs and outputs
};

RuntimeGraph read_runtime_graph(const ov::CompiledModel& compiled);

}  // namespace dnnbench
