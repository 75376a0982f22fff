// What OpenVINO really executes, read from the compiled model's runtime graph.
#pragma once

#include <openvino/runtime/compiled_model.hpp>
#include <set>
#include <string>

#include "core/tensor.h"

namespace dnnbench {

struct RuntimeGraph {
  std::set<DataType> float_types;  // that nodes compute in
  std::string product_precision;   // of convolutions and matrix products: "int8" where all of them
                                   // are in 8 bits, "" where none is, otherwise "mixed"
  std::string node_precisions;     // how many nodes compute in which type: "bf16 59, f32 3"
  int64_t nodes = 0;               // nodes that are executed: all but constants, inputs and outputs
};

RuntimeGraph read_runtime_graph(const ov::CompiledModel& compiled);

}  // namespace dnnbench
