#include "gpu/watch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "gpu/throttle.h"
#include "machine/busy_programs.h"

namespace dnnbench {

Whose whose_process(int64_t pid, const std::string& root) {
  auto process = read_process(static_cast<pid_t>(pid), root);
  if (!process) return Whose::kUnseen;
  while (pid != getpid()) {
    if (!process || process->parent < 1) return Whose::kOthers;
    pid = process->parent;
    process = read_process(process->parent, root);
  }
  return Whose::kOurs;
}

GpuTurn GpuWatch::turn(const GpuState& before, const GpuState& after, double window_s,
                       const std::vector<int64_t>& engine_pids) const {
  GpuTurn turn;
  turn.sm_mhz = after.sm_mhz;
  turn.temperature_c = after.temperature_c;
  turn.throttle = after.throttle.value_or(0);
  bool alone = after.processes.has_value();
  for (const GpuState::Process& process :
       after.processes.value_or(std::vector<GpuState::Process>())) {
    alone = alone && whose_(process.pid) == Whose::kOurs;
    const bool is_engine =
        std::find(engine_pids.begin(), engine_pids.end(), process.pid) != engine_pids.end();
    if (is_engine && process.memory_bytes > 0) {
      turn.memory_bytes = turn.memory_bytes.value_or(0) + process.memory_bytes;
    }
  }
  if (alone && window_s >= kMinEnergyWindow_s && before.energy_mj && after.energy_mj) {
    turn.energy_j = static_cast<double>(*after.energy_mj - *before.energy_mj) / 1e3;
  }
  return turn;
}

std::string GpuWatch::disturbance(const GpuState& after, const GpuTurn& turn) {
  const uint64_t throttled = turn.throttle & throttle::kDisturbing;
  if (throttled != 0) {
    return fmt::format("the GPU was slowed down ({})", fmt::join(throttle::names(throttled), ", "));
  }
  const auto processes = after.processes.value_or(std::vector<GpuState::Process>());
  const auto others = std::count_if(processes.begin(), processes.end(), [&](const auto& process) {
    return whose_(process.pid) == Whose::kOthers;
  });
  if (others == 1) return "another process used the GPU";
  if (others > 1) return fmt::format("{} other processes used the GPU", others);
  if (!turn.sm_mhz) return "";
  if (!first_sm_mhz_) first_sm_mhz_ = turn.sm_mhz;
  if (std::fabs(*turn.sm_mhz - *first_sm_mhz_) > kMaxClockChange * *first_sm_mhz_) {
    return fmt::format("the GPU's clock was {:g} MHz, and {:g} MHz in the first turn", *turn.sm_mhz,
                       *first_sm_mhz_);
  }
  return "";
}

}  // namespace dnnbench
