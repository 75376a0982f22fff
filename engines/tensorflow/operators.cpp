#include "operators.h"

#include <map>

#include "core/error.h"

namespace dnnbench::tf {
namespace {

using Table = std::map<std::string, EmitOperator>;

Table make_table() {
  Table table;
  for (const auto family : {activation_operators,    control_flow_operators, convolution_operators,
                            elementwise_operators,   indexing_operators,     matrix_operators,
                            normalization_operators, padding_operators,      pooling_operators,
                            quantization_operators,  recurrent_operators,    reduction_operators,
                            detection_operators,     resize_operators,       sampling_operators,
                            scatter_operators,       sequence_operators,     shape_operators,
                            signal_operators,        text_operators}) {
    for (const OperatorEntry& entry : family()) table.emplace(entry.op, entry.emit);
  }
  return table;
}

const Table& table() {
  static const Table kTable = make_table();
  return kTable;
}

}  // namespace

bool has_operator(const import::Node& node) {
  return table().count(import::qualified_op(node)) != 0;
}

const EmitOperator& find_operator(const import::Node& node) {
  const auto found = table().find(import::qualified_op(node));
  if (found == table().end()) {
    throw Unsupported("the importer for TensorFlow does not know this operator");
  }
  return found->second;
}

}  // namespace dnnbench::tf
