#include "semantics/pads.h"

#include <algorithm>

#include "core/error.h"
#include "semantics/axes.h"

namespace dnnbench::semantics {

bool Pads::cuts() const {
  const auto negative = [](int64_t pad) { return pad < 0; };
  return std::any_of(before.begin(), before.end(), negative) ||
         std::any_of(after.begin(), after.end(), negative);
}

std::string read_pad_mode(const import::Node& node) {
  const std::string mode = node.text("mode", "constant");
  if (mode != "constant" && mode != "reflect" && mode != "edge" && mode != "wrap") {
    throw Unsupported("it has the mode " + mode);
  }
  return mode;
}

bool pads_are_attributes(const import::Node& node) {
  return node.domain.empty() && node.opset < 11;
}

Pads spread_pads(const std::vector<int64_t>& pads, const std::vector<int64_t>& axes, size_t rank) {
  const size_t count = axes.empty() ? rank : axes.size();
  if (pads.size() != 2 * count || count > rank) {
    throw Unsupported("its pads do not fit its axes");
  }
  Pads result{std::vector<int64_t>(rank, 0), std::vector<int64_t>(rank, 0)};
  for (size_t i = 0; i < count; ++i) {
    const int64_t named = axes.empty() ? static_cast<int64_t>(i) : axes[i];
    const auto axis = static_cast<size_t>(axis_from_start(named, rank));
    result.before[axis] = pads[i];
    result.after[axis] = pads[count + i];
  }
  return result;
}

}  // namespace dnnbench::semantics
