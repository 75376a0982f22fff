#include "measure/on_device.h"

#include <fmt/format.h>

#include <cstdint>

namespace dnnbench {

Greeting greeting_of(const Candidate& candidate) {
  return {candidate.device == "gpu" ? "gpu" : "cpu", candidate.provider};
}

std::string why_not_on_device(const Candidate& candidate, const Environment& environment,
                              const GpuAccess& gpu) {
  if (candidate.device == "gpu") {
    if (!gpu.why_not.empty()) return gpu.why_not;
    if (is_quantised(candidate.precision)) return "quantised models are run on CPUs alone";
    return "";
  }
  if (candidate.device == "arm" && environment.architecture != "aarch64") {
    return fmt::format("--device=arm needs an Arm machine, and this one is {}",
                       environment.architecture);
  }
  return "";
}

std::string why_not_a_gpu_result(const std::vector<Placement>& placement) {
  int64_t on_cpu = 0, all = 0;
  for (const Placement& place : placement) {
    all += place.nodes;
    if (place.is_cpu) on_cpu += place.nodes;
  }
  if (all == 0) return "it does not say which nodes run on the GPU";
  if (2 * on_cpu < all) return "";
  return fmt::format("{} of its {} nodes run on the CPU, so this would not be a GPU's result",
                     on_cpu, all);
}

}  // namespace dnnbench
