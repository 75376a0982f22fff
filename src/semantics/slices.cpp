#include "semantics/slices.h"

#include <algorithm>

#include "core/error.h"
#include "semantics/axes.h"

namespace dnnbench::semantics {

std::vector<Slice> make_slices(const std::vector<int64_t>& starts, const std::vector<int64_t>& ends,
                               const std::vector<int64_t>& axes, const std::vector<int64_t>& steps,
                               size_t rank) {
  const auto fits = [&](const std::vector<int64_t>& list) {
    return list.empty() || list.size() == starts.size();
  };
  if (ends.size() != starts.size() || starts.size() > rank || !fits(axes) || !fits(steps)) {
    throw Unsupported("its starts, ends, axes and steps do not fit its input");
  }
  std::vector<Slice> slices;
  for (size_t i = 0; i < starts.size(); ++i) {
    Slice slice{axes.empty() ? static_cast<int64_t>(i) : axes[i], starts[i], ends[i],
                steps.empty() ? 1 : steps[i]};
    slice.axis = axis_from_start(slice.axis, rank);
    if (slice.step == 0) throw Unsupported("it has a step of 0");
    slices.push_back(slice);
  }
  return slices;
}

std::vector<int64_t> equal_parts(int64_t size, int64_t count) {
  const int64_t part = (size + count - 1) / count;
  std::vector<int64_t> parts;
  for (int64_t i = 0; i < count; ++i) {
    parts.push_back(std::clamp<int64_t>(size - i * part, 0, part));
  }
  return parts;
}

Slice shape_slice(const import::Node& node, size_t rank) {
  const auto count = static_cast<int64_t>(rank);
  const auto bound = [&](const char* name, int64_t otherwise) {
    const int64_t at = node.integer(name, otherwise);
    return std::clamp<int64_t>(at < 0 ? at + count : at, 0, count);
  };
  const int64_t start = bound("start", 0);
  return {.start = start, .end = std::max(start, bound("end", count))};
}

Slice as_numpy(Slice slice, int64_t size) {
  slice.start = std::max(slice.start, -size);
  return slice;
}

}  // namespace dnnbench::semantics
