#include "gpu/probe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstdlib>

#include "core/error.h"
#include "gpu/driver_api.h"

namespace dnnbench {
namespace {

using cuda::DriverApi;

std::string error_text(const DriverApi& api, int error) {
  const char* text = nullptr;
  if (api.error_string(error, &text) != 0 || text == nullptr) text = "no text";
  return fmt::format("CUDA error {}: {}", error, text);
}

std::string uuid_text(const cuda::Uuid& uuid, bool is_mig) {
  std::string text = is_mig ? "MIG" : "GPU";
  for (size_t i = 0; i < sizeof uuid.bytes; ++i) {
    if (i == 0 || i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", uuid.bytes[i]);
  }
  return text;
}

// The error of the first call that failed; 0 for none.
int read_device(const DriverApi& api, int index, GpuDevice& device) {
  cuda::Device handle = 0;
  std::array<char, 256> name{};
  cuda::Uuid uuid{};
  size_t bytes = 0;
  for (const int error :
       {api.device(&handle, index),
        api.device_name(name.data(), static_cast<int>(name.size() - 1), handle),
        api.device_uuid(&uuid, handle), api.device_memory(&bytes, handle),
        api.device_attribute(&device.sm_major, cuda::kComputeCapabilityMajor, handle),
        api.device_attribute(&device.sm_minor, cuda::kComputeCapabilityMinor, handle)}) {
    if (error != 0) return error;
  }
  device.index = index;
  device.name = name.data();
  device.is_mig = device.name.find(" MIG ") != std::string::npos;
  device.uuid = uuid_text(uuid, device.is_mig);
  device.memory_bytes = static_cast<int64_t>(bytes);
  return 0;
}

std::string no_device() {
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  if (visible == nullptr) return "no GPU is visible to this process";
  return fmt::format("no GPU is visible to this process (CUDA_VISIBLE_DEVICES={})", visible);
}

GpuProbe cannot(std::string why) {
  GpuProbe probe;
  probe.why_not = std::move(why);
  return probe;
}

}  // namespace

GpuProbe probe_gpus(const std::string& library) {
  setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID", 1);
  const SharedLibrary driver(library);
  if (!driver.is_open()) return cannot("this machine has no NVIDIA driver");
  const DriverApi api(driver);
  int version = 0;
  const bool says_version = api.driver_version != nullptr && api.driver_version(&version) == 0;
  if (says_version && version < kMinCuda) {
    return cannot(
        fmt::format("the NVIDIA driver is too old for CUDA 13 (it supports CUDA {}.{}); install "
                    "driver {} or newer",
                    version / 1000, version % 1000 / 10, kMinDriver));
  }
  if (!says_version || !api.is_complete()) {
    return cannot(fmt::format("{} is not a complete NVIDIA driver", library));
  }
  GpuProbe probe;
  probe.cuda = fmt::format("{}.{}", version / 1000, version % 1000 / 10);
  int count = 0;
  int error = api.init(0);
  if (error == 0) error = api.device_count(&count);
  if (error == cuda::kNoDevice || (error == 0 && count == 0)) return cannot(no_device());
  if (error != 0) return cannot("the NVIDIA driver does not start: " + error_text(api, error));
  for (int index = 0; index < count; ++index) {
    GpuDevice device;
    error = read_device(api, index, device);
    if (error != 0) {
      return cannot(fmt::format("GPU {} can't be used: {}", index, error_text(api, error)));
    }
    probe.devices.push_back(std::move(device));
  }
  return probe;
}

const GpuDevice& choose_gpu(const GpuProbe& probe, const std::string& wanted) {
  std::vector<const GpuDevice*> fitting;
  std::vector<std::string> all;
  for (const GpuDevice& device : probe.devices) {
    all.push_back(describe(device));
    const bool named = wanted.size() > 4 && device.uuid.rfind(wanted, 0) == 0;
    if (wanted == std::to_string(device.index) || named) fitting.push_back(&device);
  }
  if (wanted.empty()) return probe.devices.front();
  if (fitting.size() == 1) return *fitting.front();
  throw UsageError(fmt::format("--gpu={} must name one of: {}", wanted, fmt::join(all, ", ")));
}

std::string describe(const GpuDevice& device) {
  return fmt::format("{} {}: {} ({})", device.is_mig ? "MIG device" : "GPU", device.index,
                     device.name, device.uuid);
}

}  // namespace dnnbench
