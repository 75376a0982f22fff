// The table of operators: an entry each, good for every opset version of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "import/graph.h"
#include "operation.h"

namespace dnnbench::tf {

// Sets every output of the node that is wanted. Throws Unsupported with what it lacks; the caller
// adds which node that is.
using EmitOperator = std::function<void(const Operation&)>;

struct OperatorEntry {
  std::string op;  // as qualified_op says: "Conv", "com.microsoft.FusedConv"
  EmitOperator emit;
};

// Whether the table has the node's operator.
bool has_operator(const import::Node& node);
// Throws Unsupported.
const EmitOperator& find_operator(const import::Node& node);

// The families, each in operators/<family>.cpp.
std::vector<OperatorEntry> activation_operators();
std::vector<OperatorEntry> control_flow_operators();
std::vector<OperatorEntry> convolution_operators();
std::vector<OperatorEntry> elementwise_operators();
std::vector<OperatorEntry> indexing_operators();
std::vector<OperatorEntry> matrix_operators();
std::vector<OperatorEntry> normalization_operators();
std::vector<OperatorEntry> padding_operators();
std::vector<OperatorEntry> pooling_operators();
std::vector<OperatorEntry> quantization_operators();
std::vector<OperatorEntry> recurrent_operators();
std::vector<OperatorEntry> reduction_operators();
std::vector<OperatorEntry> detection_operators();
std::vector<OperatorEntry> resize_operators();
std::vector<OperatorEntry> sampling_operators();
std::vector<OperatorEntry> scatter_operators();
std::vector<OperatorEntry> sequence_operators();
std::vector<OperatorEntry> shape_operators();
std::vector<OperatorEntry> signal_operators();
std::vector<OperatorEntry> text_operators();

}  // namespace dnnbench::tf
