#include "semantics/softmax.h"

#include "core/error.h"
#include "semantics/axes.h"

namespace dnnbench::semantics {

Softmax read_softmax(const import::Node& node, std::optional<size_t> rank) {
  const bool as_matrix = node.opset < 13;
  const int64_t axis = node.integer("axis", as_matrix ? 1 : -1);
  if (!rank) {
    if (as_matrix) throw Unsupported("the rank of its input is not known before it runs");
    return {axis, false};
  }
  const int64_t from_start = axis_from_start(axis, *rank);
  return {from_start, as_matrix && from_start + 1 < static_cast<int64_t>(*rank)};
}

}  // namespace dnnbench::semantics
