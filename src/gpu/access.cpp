#include "gpu/access.h"

#include <cstdlib>

#include "gpu/probe.h"

namespace dnnbench {

GpuAccess open_gpu(const std::string& wanted) {
  // CUDA lists one MIG device at a time.
  if (wanted.rfind("MIG-", 0) == 0) setenv("CUDA_VISIBLE_DEVICES", wanted.c_str(), 1);
  const GpuProbe probe = probe_gpus();
  GpuAccess access;
  access.why_not = probe.why_not;
  if (!probe.why_not.empty()) return access;
  GpuFacts facts;
  facts.device = choose_gpu(probe, wanted);
  facts.cuda = probe.cuda;
  access.nvml = std::make_shared<const Nvml>(facts.device.uuid);
  access.nvml->read_facts(facts);
  access.facts = std::move(facts);
  return access;
}

}  // namespace dnnbench
