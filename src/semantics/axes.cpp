#include "semantics/axes.h"

#include <algorithm>
#include <string>

#include "core/error.h"

namespace dnnbench::semantics {

int64_t axis_from_start(int64_t axis, size_t rank) {
  const int64_t count = std::max<int64_t>(static_cast<int64_t>(rank), 1);
  if (axis < -count || axis >= count) throw Unsupported("it has no axis " + std::to_string(axis));
  return axis < 0 ? axis + count : axis;
}

}  // namespace dnnbench::semantics
