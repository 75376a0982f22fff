// TurnWatch: what the machine and the GPU around an engine did while it took a turn.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "gpu/access.h"
#include "gpu/watch.h"
#include "machine/machine_counters.h"
#include "measure/surroundings.h"
#include "measure/turn.h"
#include "process/engine_session.h"

namespace dnnbench {

class TurnWatch {
 public:
  using Sessions = std::vector<std::unique_ptr<EngineSession>>;

  // `gpu` must outlive this; nullptr: the engine computes on a CPU.
  explicit TurnWatch(const GpuAccess* gpu);

  // Lets the engine compute on for about so long. Adds to the turn what the engine itself counted
  // meanwhile, and no times.
  using ComputeOn = std::function<void(Turn& longer, double seconds)>;

  // Calls `compute`, in which these sessions fill in the turn, and fills in what disturbed it.
  // Where the turn is too short to know that, calls `compute_on`, if there is one, until it is not.
  void watch(Turn& turn, const Sessions& sessions, const std::function<void()>& compute,
             const ComputeOn& compute_on = {});

  // Tests give a machine of their own.
  void set_machine(std::function<MachineCounters()> read_counters, std::function<double()> now_s) {
    read_counters_ = std::move(read_counters);
    now_s_ = std::move(now_s);
  }

 private:
  std::string disturbance_of_longer(const Turn& turn, double start_s, const MachineCounters& before,
                                    const ComputeOn& compute_on);
  void watch_gpu(Turn& turn, const Sessions& sessions, const GpuState& before,
                 const GpuState& after, double window_s);

  std::function<MachineCounters()> read_counters_ = [] { return read_machine_counters(); };
  std::function<double()> now_s_ = monotonic_s;
  const Nvml* nvml_;
  GpuWatch gpu_watch_;
};

}  // namespace dnnbench
