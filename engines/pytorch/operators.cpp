#include "operators.h"

namespace dnnbench::pytorch {

const Operators& operators() {
  static const Operators kOperators = [] {
    Operators table;
    for (const auto add :
         {add_control_flow, add_convolution, add_detection, add_elementwise, add_indexing,
          add_matrix, add_machine_learning, add_normalization, add_padding, add_pooling,
          add_quantization, add_recurrent, add_reduction, add_resize, add_sampling, add_sequence,
          add_shape, add_signal, add_text}) {
      add(table);
    }
    return table;
  }();
  return kOperators;
}

bool has_operator(const import::Node& node) {
  return operators().count(import::qualified_op(node)) != 0;
}

}  // namespace dnnbench::pytorch
