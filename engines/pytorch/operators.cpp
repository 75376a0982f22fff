#include "operators.h"

namespace dnnbench::pytorch {

const Operators& operators() {
  static const Operators kOperators = [] {
    Operators table;
    for (const auto add :
         {add_attention, add_contributed, add_control, add_convolutions, add_detection,
          add_elementwise, add_indexing, add_linear, add_machine_learning, add_normalizations,
          add_pooling, add_quantization, add_recurrent, add_reductions, add_resizing, add_sequences,
          add_shaping, add_signal, add_text}) {
      add(table);
    }
    return table;
  }();
  return kOperators;
}

}  // namespace dnnbench::pytorch
