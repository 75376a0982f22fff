// The table of operators: one entry per operator, for all its opset versions. Composite operators
// without an entry are lowered before (semantics/lower.h).
#pragma once

#include <functional>
#include <map>
#include <string>

#include "import/graph.h"
#include "operation.h"

namespace dnnbench::pytorch {

// Writes the node's lines. Throws Unsupported with what it lacks;
// the caller adds which node that is.
using EmitOperator = std::function<void(Operation&)>;

// By the operator's qualified name: "Conv", "com.microsoft.MatMulNBits".
using Operators = std::map<std::string, EmitOperator>;

bool has_operator(const import::Node& node);
// Throws Unsupported.
const EmitOperator& find_operator(const import::Node& node);

// The families, each in operators/<family>.cpp.
Operators activation_operators();
Operators constant_operators();
Operators control_flow_operators();
Operators convolution_operators();
Operators detection_operators();
Operators elementwise_operators();
Operators indexing_operators();
Operators int8_operators();
Operators machine_learning_operators();
Operators matrix_operators();
Operators normalization_operators();
Operators padding_operators();
Operators pooling_operators();
Operators quantization_operators();
Operators recurrent_operators();
Operators reduction_operators();
Operators resize_operators();
Operators sampling_operators();
Operators sequence_operators();
Operators shape_operators();
Operators signal_operators();
Operators text_operators();

}  // namespace dnnbench::pytorch
