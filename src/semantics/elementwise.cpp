#include "semantics/elementwise.h"

#include <string>

#include "core/error.h"
#include "semantics/axes.h"

namespace dnnbench::semantics {

bool places_second_operand(const import::Node& node) {
  if (!node.domain.empty() || node.opset >= 7) return false;
  if (node.op == "PRelu") return true;
  return node.integer("broadcast", 0) != 0 && node.attribute("axis") != nullptr;
}

int64_t axes_behind_second(const import::Node& node, size_t first_rank, size_t second_rank) {
  int64_t axis = 0;
  if (node.op == "PRelu") {
    // A slope of one axis is the channels'.
    if (second_rank != 1 || first_rank < 2) return 0;
    axis = 1;
  } else {
    axis = axis_from_start(node.integer("axis", 0), first_rank);
  }
  const int64_t behind =
      static_cast<int64_t>(first_rank) - axis - static_cast<int64_t>(second_rank);
  if (behind >= 0) return behind;
  throw Unsupported("its second operand has too many axes to begin at axis " +
                    std::to_string(axis));
}

Selu read_selu(const import::Node& node) {
  const bool is_first_form = node.opset < 6;
  return {node.number("alpha", is_first_form ? 1.6732 : 1.67326319217681884765625),
          node.number("gamma", is_first_form ? 1.0507 : 1.05070102214813232421875)};
}

}  // namespace dnnbench::semantics
