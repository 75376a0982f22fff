// Reads a model for an importer: its simplified form (import/simplify.h), with the weights put back
// from the original file, which is mapped and not copied. Without protobuf, by src/import/wire.h.
#pragma once

#include <map>
#include <string>

#include "core/tensor.h"
#include "import/graph.h"
#include "protocol/load_config.h"

namespace dnnbench::import {

struct ImportedModel {
  Graph graph;
  // Inputs of the model that are constants of the graph (LoadConfig::bound_inputs_file), which the
  // graph therefore doesn't take. The engine is given them with the others all the same.
  std::map<std::string, Tensor> bound_inputs;
};

// Reads config.simplified_path, config.model_path and config.bound_inputs_file. Throws Error when
// one of them can't be read or is broken, Unsupported for a tensor that can't be represented.
ImportedModel read_graph(const LoadConfig& config);

// Whether a tensor's shape is the one wanted, in which a negative size stands for any.
bool fits(const std::vector<int64_t>& shape, const std::vector<int64_t>& wanted);

// Those of `given` that the graph takes, in the graph's order. Throws Error when one is missing or
// unknown, is not of the graph's type or shape, or differs from what it was bound to.
std::vector<Value> graph_inputs(const ImportedModel& model, const std::vector<Value>& given);

}  // namespace dnnbench::import
