// TurnWatch: what the machine and the GPU around an engine did while it took a turn.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "gpu/access.h"
#include "gpu/watch.h"
#include "measure/turn.h"
#include "process/engine_session.h"

namespace dnnbench {

class TurnWatch {
 public:
  using Sessions = std::vector<std::unique_ptr<EngineSession>>;

  // `gpu` must outlive this; nullptr: the engine computes on a CPU.
  explicit TurnWatch(const GpuAccess* gpu);

  // Calls `compute`, in which these sessions fill in the turn, and fills in what disturbed it.
  void watch(Turn& turn, const Sessions& sessions, const std::function<void()>& compute);

 private:
  void watch_gpu(Turn& turn, const Sessions& sessions, const GpuState& before,
                 const GpuState& after, double window_s);

  const Nvml* nvml_;
  GpuWatch gpu_watch_;
};

}  // namespace dnnbench
