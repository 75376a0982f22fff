#include "operators.h"

#include <map>

#include "core/error.h"

namespace dnnbench::tf {
namespace {

std::map<std::string, EmitOperator> make_table() {
  std::map<std::string, EmitOperator> table;
  for (const auto family :
       {activation_operators,  attention_operators, control_flow_operators, convolution_operators,
        elementwise_operators, indexing_operators,  matrix_operators,       normalization_operators,
        padding_operators,     pooling_operators,   quantization_operators, recurrent_operators,
        reduction_operators,   detection_operators, resize_operators,       sampling_operators,
        scatter_operators,     sequence_operators,  shape_operators,        signal_operators,
        text_operators}) {
    for (const OperatorEntry& entry : family()) table.emplace(entry.op, entry.emit);
  }
  return table;
}

}  // namespace

const EmitOperator& find_operator(const import::Node& node) {
  static const std::map<std::string, EmitOperator> table = make_table();
  const auto found = table.find(import::qualified_op(node));
  if (found == table.end()) {
    throw Unsupported("the importer for TensorFlow does not know this operator");
  }
  return found->second;
}

}  // namespace dnnbench::tf
