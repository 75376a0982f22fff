#include "machine/noise.h"

#include <algorithm>

namespace dnnbench {

void add(Noise& total, const Noise& turn) {
  total.window_s += turn.window_s;
  if (!turn.waited_s) total.waited_s.reset();
  if (total.waited_s) *total.waited_s += *turn.waited_s;
  total.others_s += turn.others_s;
  total.stolen_s += turn.stolen_s;
  if (turn.pressure_s) total.pressure_s = total.pressure_s.value_or(0) + *turn.pressure_s;
  total.involuntary_switches += turn.involuntary_switches;
  total.throttled += turn.throttled;
  if (!turn.lowest_mhz) return;
  total.lowest_mhz = std::min(total.lowest_mhz.value_or(*turn.lowest_mhz), *turn.lowest_mhz);
  total.highest_mhz = std::max(total.highest_mhz.value_or(*turn.highest_mhz), *turn.highest_mhz);
}

}  // namespace dnnbench
