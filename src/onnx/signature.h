// Internal to src/onnx: a graph's inputs and outputs.
#pragma once

#include <vector>

#include "onnx.pb.h"
#include "onnx/model.h"

namespace dnnbench {

ModelValue to_model_value(const onnx::ValueInfoProto& value);

// In the graph's order, without those that an initializer fills.
std::vector<ModelValue> graph_inputs(const onnx::GraphProto& graph);

std::vector<ModelValue> graph_outputs(const onnx::GraphProto& graph);

}  // namespace dnnbench
