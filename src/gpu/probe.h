// Which NVIDIA GPUs this machine has, asked once before any engine's library sees the driver: some
// of them abort without one.
#pragma once

#include <string>
#include <vector>

#include "gpu/gpu.h"

namespace dnnbench {

// What CUDA 13 needs (NVIDIA's release notes), as cuDriverGetVersion counts it.
inline constexpr int kMinCuda = 13000;
inline constexpr const char* kMinDriver = "580";

struct GpuProbe {
  std::string why_not;  // why no GPU can be used, one sentence; "" when one can
  std::string cuda;     // the newest CUDA that the driver supports: "13.0"
  std::vector<GpuDevice> devices;
};

// Opens the driver's library and lists its devices, in the order of the PCI bus (it sets
// CUDA_DEVICE_ORDER for this process and its children). Creates no context.
GpuProbe probe_gpus(const std::string& library = "libcuda.so.1");

// The device that `wanted` names, by its index or by the beginning of its UUID; "" for the first.
// There must be devices. Throws UsageError that lists them.
const GpuDevice& choose_gpu(const GpuProbe& probe, const std::string& wanted);

// "GPU 0: Tesla T4 (GPU-...)"; a MIG device says so.
std::string describe(const GpuDevice& device);

}  // namespace dnnbench
