#include "semantics/elementwise.h"

namespace dnnbench::semantics {

Selu read_selu(const import::Node& node) {
  return {node.number("alpha", 1.67326319217681884765625),
          node.number("gamma", 1.05070102214813232421875)};
}

}  // namespace dnnbench::semantics
