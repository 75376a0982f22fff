// How much memory the values within a model take, by the shapes that its simplified form says. Not
// what an engine takes: it may share, pad and copy. Values of unknown size count as nothing.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "import/graph.h"

namespace dnnbench {

// Bytes of each tensor of known size that the main graph's nodes compute.
std::map<std::string, int64_t> value_bytes(const import::Graph& graph);

// The maximum of bytes needed at once when the nodes run one after the other in the graph's
// order, each value is kept until its last use, and outputs throughout. Weights and inputs are not
// counted.
int64_t peak_activation_bytes(const import::Graph& graph);

}  // namespace dnnbench
