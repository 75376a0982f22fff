// The one GPU of a run, and how it is read between turns.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gpu/gpu.h"
#include "gpu/nvml.h"

namespace dnnbench {

struct GpuAccess {
  std::string why_not;            // why there is none, one sentence; "" when there is one
  std::optional<GpuFacts> facts;  // present when there is one
  std::shared_ptr<const Nvml> nvml;
};

// `wanted` as choose_gpu (gpu/probe.h) takes it, which throws UsageError.
GpuAccess open_gpu(const std::string& wanted);

}  // namespace dnnbench
