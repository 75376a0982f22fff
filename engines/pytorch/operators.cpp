#include "operators.h"

#include "core/error.h"

namespace dnnbench::pytorch {
namespace {

const Operators& operators() {
  static const Operators kOperators = [] {
    Operators all;
    for (const auto family :
         {activation_operators,  constant_operators,      control_flow_operators,
          convolution_operators, detection_operators,     elementwise_operators,
          indexing_operators,    int8_operators,          machine_learning_operators,
          matrix_operators,      normalization_operators, padding_operators,
          pooling_operators,     quantization_operators,  recurrent_operators,
          reduction_operators,   resize_operators,        sampling_operators,
          sequence_operators,    shape_operators,         signal_operators,
          text_operators}) {
      all.merge(family());
    }
    return all;
  }();
  return kOperators;
}

}  // namespace

bool has_operator(const import::Node& node) {
  return operators().count(import::qualified_op(node)) != 0;
}

const EmitOperator& find_operator(const import::Node& node) {
  const auto found = operators().find(import::qualified_op(node));
  if (found == operators().end()) {
    throw Unsupported("the importer for PyTorch has no such operator");
  }
  return found->second;
}

}  // namespace dnnbench::pytorch
