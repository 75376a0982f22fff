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

Slice as_numpy(Slice slice, int64_t size) {
  slice.start = std::max(slice.start, -size);
  return slice;
}

}  // namespace dnnbench::semantics
