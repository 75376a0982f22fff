// Internal to src/onnx: a graph's inputs and outputs.
#pragma once

#include <vector>

#include "import/graph.h"
#include "onnx/model.h"

namespace dnnbench {

ModelValue to_model_value(const import::Parameter& value);

// In the graph's order, without those that an initializer fills.
std::vector<ModelValue> graph_inputs(const import::Graph& graph);

std::vector<ModelValue> graph_outputs(const import::Graph& graph);

}  // namespace dnnbench
