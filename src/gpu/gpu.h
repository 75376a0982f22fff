// GPUs as results know them. Plain data; gpu/probe.h and gpu/nvml.h fill it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dnnbench {

// As CUDA lists it.
struct GpuDevice {
  int index = 0;  // in the order of the PCI bus
  std::string name;
  std::string uuid;  // "GPU-..." or "MIG-..."
  bool is_mig = false;
  int sm_major = 0;  // compute capability: 7.5 is sm_75
  int sm_minor = 0;
  int64_t memory_bytes = 0;
};

// What stays the same during a run. Absent where the driver does not say.
struct GpuFacts {
  GpuDevice device;
  std::string driver;  // "580.65.06"
  std::string cuda;    // the newest that the driver supports: "13.0"
  std::optional<double> max_sm_mhz;
  std::optional<double> max_memory_mhz;
  std::optional<double> power_limit_w;
  std::optional<bool> ecc;
  std::optional<bool> mig;  // whether the board is divided
};

// One reading between turns.
struct GpuState {
  std::optional<double> sm_mhz;
  std::optional<double> temperature_c;
  std::optional<uint64_t> throttle;  // bits of gpu/throttle.h
  std::optional<int64_t> energy_mj;  // of the whole board, since the driver was loaded
  struct Process {
    int64_t pid = 0;
    int64_t memory_bytes = 0;  // 0 where the driver does not say
  };
  std::optional<std::vector<Process>> processes;
};

// What the GPU did in one turn of an engine.
struct GpuTurn {
  std::optional<double> sm_mhz;  // when the turn ended
  std::optional<double> temperature_c;
  uint64_t throttle = 0;
  std::optional<double> energy_j;  // absent in short turns, and where other processes use the GPU
  std::optional<int64_t> memory_bytes;  // of the engine's processes when the turn ended
  std::vector<double> compute_s;        // by events: of the last inference of each measurement
};

// The same over all turns that were kept.
struct GpuMeasured {
  std::optional<double> lowest_sm_mhz;
  std::optional<double> highest_sm_mhz;
  std::optional<double> highest_temperature_c;
  uint64_t throttle = 0;
  double energy_j = 0;            // of the turns that have a figure, and
  int64_t energy_inferences = 0;  // the inferences in them
  std::optional<int64_t> peak_memory_bytes;
  std::vector<double> compute_s;
};

// `turn`, in which so many inferences ran, added to the sum.
void add(GpuMeasured& sum, const GpuTurn& turn, int64_t inferences);

}  // namespace dnnbench
