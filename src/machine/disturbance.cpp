#include "machine/disturbance.h"

#include <fmt/format.h>

namespace dnnbench {

namespace {

bool may_have_waited(const Noise& turn) {
  return !turn.waited_s || share_of(*turn.waited_s, turn) > kMaxWaited;
}

}  // namespace

std::string disturbance(const Noise& turn) {
  const double others = share_of(turn.others_s, turn);
  const double stolen = share_of(turn.stolen_s, turn);
  if (turn.throttled > 0) return "a core was slowed down for heat";
  if (stolen > kMaxStolen && turn.stolen_s > kOneTick_s) {
    return fmt::format("the hypervisor took {:.2f} cores away", stolen);
  }
  if (turn.window_s >= kMinWindow_s && may_have_waited(turn) && others > kMaxOthers &&
      turn.others_s > 2 * kOneTick_s) {
    return fmt::format("other programs used {:.2f} cores", others);
  }
  return "";
}

bool is_too_short_to_judge(const Noise& turn) {
  return turn.window_s < kMinWindow_s && may_have_waited(turn);
}

}  // namespace dnnbench
