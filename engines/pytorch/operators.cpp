#include "operators.h"

namespace dnnbench::pytorch {

const Operators& operators() {
  static const Operators kOperators = [] {
    Operators table;
    for (const auto add :
         {add_convolutions, add_elementwise, add_indexing, add_linear, add_normalizations,
          add_pooling, add_reductions, add_shaping}) {
      add(table);
    }
    return table;
  }();
  return kOperators;
}

}  // namespace dnnbench::pytorch
