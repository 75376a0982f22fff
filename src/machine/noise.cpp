#include "machine/noise.h"

#include <algorithm>

namespace dnnbench {
namespace {

void add_if_all_know(std::optional<double>& total, std::optional<double> turn) {
  total = total && turn ? std::optional(*total + *turn) : std::nullopt;
}

void add_known(std::optional<double>& total, std::optional<double> turn) {
  if (turn) total = total.value_or(0) + *turn;
}

}  // namespace

void add(Noise& total, const Noise& turn) {
  total.window_s += turn.window_s;
  add_if_all_know(total.waited_s, turn.waited_s);
  add_if_all_know(total.others_s, turn.others_s);
  add_if_all_know(total.stolen_s, turn.stolen_s);
  add_known(total.quota_s, turn.quota_s);
  add_known(total.pressure_s, turn.pressure_s);
  total.involuntary_switches += turn.involuntary_switches;
  total.throttled += turn.throttled;
  if (!turn.lowest_mhz) return;
  total.lowest_mhz = std::min(total.lowest_mhz.value_or(*turn.lowest_mhz), *turn.lowest_mhz);
  total.highest_mhz = std::max(total.highest_mhz.value_or(*turn.highest_mhz), *turn.highest_mhz);
}

}  // namespace dnnbench
