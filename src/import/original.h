// Internal to src/import: the original model's outline, and where its weights lie.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "import/read_tensor.h"
#include "import/wire.h"
#include "protocol/load_config.h"

namespace dnnbench::import {

struct Original {
  // Throws Error when the file can't be read or is broken.
  explicit Original(const std::string& path);

  ModelFiles files;
  Bytes graph;
  std::vector<std::string> inputs;   // in the graph's order, without those that initializers fill
  std::vector<std::string> outputs;  // in the graph's order
  // Initializers and constants of the main graph with more than kLargestFolded_bytes: their
  // TensorProto.
  std::map<std::string, Bytes> weights;
};

// A Constant node's `value` and output; an empty tensor for any other node.
struct ConstantNode {
  std::string output;
  Bytes tensor;
};
ConstantNode read_constant_node(Bytes node);

bool is_weight(Bytes tensor, int64_t largest_folded_bytes);

std::string name_of_value_info(Bytes value_info);

// Of config.bound_inputs_file; none when there is no such file.
std::vector<Value> read_bound_inputs(const LoadConfig& config);

}  // namespace dnnbench::import
