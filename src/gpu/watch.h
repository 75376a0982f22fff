// What the GPU did in an engine's turn, from the readings before and after it, and whether that
// disturbed the turn.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "gpu/gpu.h"

namespace dnnbench {

// Clocks of two turns that lie further apart disturb.
inline constexpr double kMaxClockChange = 0.02;
// The energy counter moves every 10 ms or more slowly: shorter turns say nothing of energy.
inline constexpr double kMinEnergyWindow_s = 1;

// How a process that NVML lists stands to this one.
enum class Whose { kOurs, kOthers, kUnseen };  // unseen: in another PID namespace

// Ours are this process's descendants. `root` stands before /proc, for tests.
Whose whose_process(int64_t pid, const std::string& root = "");

class GpuWatch {
 public:
  using Classify = std::function<Whose(int64_t pid)>;
  explicit GpuWatch(Classify whose = [](int64_t pid) { return whose_process(pid); })
      : whose_(std::move(whose)) {}

  // `engine_pids` are the processes of the engine whose turn it was.
  GpuTurn turn(const GpuState& before, const GpuState& after, double window_s,
               const std::vector<int64_t>& engine_pids) const;

  // "" for an undisturbed turn; otherwise what disturbed it. The clocks of the first turn that is
  // asked about are those that later ones are compared with.
  std::string disturbance(const GpuState& after, const GpuTurn& turn);

 private:
  Classify whose_;
  std::optional<double> first_sm_mhz_;
};

}  // namespace dnnbench
