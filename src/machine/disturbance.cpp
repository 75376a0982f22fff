#include "machine/disturbance.h"

#include <fmt/format.h>

namespace dnnbench {
namespace {

bool may_have_waited_for_others(const Noise& turn) {
  if (!turn.others_s) return false;
  return !turn.waited_s || share_of(*turn.waited_s - turn.quota_s.value_or(0), turn) > kMaxWaited;
}

}  // namespace

std::string disturbance(const Noise& turn) {
  const double others = share_of(turn.others_s.value_or(0), turn);
  const double stolen = share_of(turn.stolen_s.value_or(0), turn);
  if (turn.throttled > 0) return "a core was slowed down for heat";
  const bool is_stolen = stolen > kMaxStolen && *turn.stolen_s > kOneTick_s;
  const bool is_shared = turn.window_s >= kMinWindow_s && may_have_waited_for_others(turn) &&
                         others > kMaxOthers && *turn.others_s > 2 * kOneTick_s;
  if (is_stolen && !(is_shared && others > stolen)) {
    return fmt::format("the hypervisor took {:.2f} cores away", stolen);
  }
  if (is_shared) return fmt::format("other programs used {:.2f} cores", others);
  return "";
}

bool is_too_short_to_judge(const Noise& turn) {
  return turn.window_s < kMinWindow_s && may_have_waited_for_others(turn);
}

std::string stopped_by_quota(const Noise& turns, double quota) {
  const double stopped = share_of(turns.quota_s.value_or(0), turns);
  if (stopped <= kMaxQuota) return "";
  return fmt::format(
      "The control group's quota of {:g} CPUs stopped the engines: it took {:.2f} cores away, on "
      "average, which a median doesn't show. Give the group a CPU for each thread, or use "
      "--mode=load.",
      quota, stopped);
}

}  // namespace dnnbench
