#include "measure/turn_watch.h"

#include <fmt/format.h>

#include <utility>

#include "machine/disturbance.h"

namespace dnnbench {
namespace {

double stopped_s(const TurnWatch::Sessions& sessions) {
  double seconds = 0;
  for (const auto& session : sessions) seconds += session->stopped_s();
  return seconds;
}

double own_cpu_s(const Turn& turn) { return turn.cpu_s + turn.spun_s; }

}  // namespace

TurnWatch::TurnWatch(const GpuAccess* gpu) : nvml_(gpu != nullptr ? gpu->nvml.get() : nullptr) {}

void TurnWatch::watch(Turn& turn, const Sessions& sessions, const std::function<void()>& compute,
                      const ComputeOn& compute_on) {
  const GpuState gpu_before = nvml_ != nullptr ? nvml_->read() : GpuState();
  const double start_s = now_s_();
  const MachineCounters before = read_counters_();
  const double stopped_before_s = stopped_s(sessions);
  compute();
  const double window_s = now_s_() - start_s;
  add(turn.noise, machine_noise(before, read_counters_(), window_s, own_cpu_s(turn)));
  turn.disturbance = disturbance(turn.noise);
  if (turn.disturbance.empty() && compute_on && is_too_short_to_judge(turn.noise)) {
    turn.disturbance = disturbance_of_longer(turn, start_s, before, compute_on);
  }
  if (nvml_ != nullptr) watch_gpu(turn, sessions, gpu_before, nvml_->read(), window_s);
  const double stopped = stopped_s(sessions) - stopped_before_s;
  if (stopped > 0) turn.disturbance = fmt::format("the run was stopped for {:.1f} s", stopped);
}

std::string TurnWatch::disturbance_of_longer(const Turn& turn, double start_s,
                                             const MachineCounters& before,
                                             const ComputeOn& compute_on) {
  Turn longer;
  longer.cpu_s = own_cpu_s(turn);
  longer.noise.waited_s = turn.noise.waited_s.value_or(0);
  const double end_s = start_s + kMinWindow_s;
  for (double now_s = now_s_(); now_s < end_s; now_s = now_s_()) compute_on(longer, end_s - now_s);
  add(longer.noise, machine_noise(before, read_counters_(), now_s_() - start_s, own_cpu_s(longer)));
  return disturbance(longer.noise);
}

void TurnWatch::watch_gpu(Turn& turn, const Sessions& sessions, const GpuState& before,
                          const GpuState& after, double window_s) {
  std::vector<int64_t> pids;
  for (const auto& session : sessions) pids.push_back(session->pid());
  std::vector<double> compute_s = turn.gpu ? std::move(turn.gpu->compute_s) : std::vector<double>();
  turn.gpu = gpu_watch_.turn(before, after, window_s, pids);
  turn.gpu->compute_s = std::move(compute_s);
  const std::string disturbed_by = gpu_watch_.disturbance(after, *turn.gpu);
  if (!disturbed_by.empty()) turn.disturbance = disturbed_by;
}

}  // namespace dnnbench
