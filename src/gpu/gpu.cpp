#include "gpu/gpu.h"

#include <algorithm>

namespace dnnbench {
namespace {

template <typename T, typename Choose>
void combine(std::optional<T>& sum, const std::optional<T>& one, Choose choose) {
  if (one) sum = sum ? choose(*sum, *one) : *one;
}

}  // namespace

void add(GpuMeasured& sum, const GpuTurn& turn, int64_t inferences) {
  const auto lower = [](auto a, auto b) { return std::min(a, b); };
  const auto higher = [](auto a, auto b) { return std::max(a, b); };
  combine(sum.lowest_sm_mhz, turn.sm_mhz, lower);
  combine(sum.highest_sm_mhz, turn.sm_mhz, higher);
  combine(sum.highest_temperature_c, turn.temperature_c, higher);
  combine(sum.peak_memory_bytes, turn.memory_bytes, higher);
  sum.throttle |= turn.throttle;
  if (turn.energy_j) {
    sum.energy_j += *turn.energy_j;
    sum.energy_inferences += inferences;
  }
  sum.compute_s.insert(sum.compute_s.end(), turn.compute_s.begin(), turn.compute_s.end());
}

}  // namespace dnnbench
