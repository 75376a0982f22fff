// NVML, the driver's library for reading a GPU's clocks, power and processes. What it does not say,
// or where it is missing, is absent. Of a MIG device, clocks, temperature, limits and modes are its
// board's, processes its own, and energy is absent: the counter is the whole board's. Reading takes
// milliseconds and disturbs what runs on the GPU: only between turns.
#pragma once

#include <memory>
#include <string>

#include "gpu/gpu.h"

namespace dnnbench {

class Nvml {
 public:
  // Opens the library and looks the device up by its UUID.
  explicit Nvml(const std::string& uuid, const std::string& library = "libnvidia-ml.so.1");
  ~Nvml();
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  bool is_open() const;
  GpuState read() const;

  // Fills in what does not change during a run.
  void read_facts(GpuFacts& facts) const;

 private:
  struct Api;
  std::unique_ptr<Api> api_;
};

}  // namespace dnnbench
