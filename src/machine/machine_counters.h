// The kernel's counters of what the whole machine does, read at the start and end of a turn.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "machine/noise.h"

namespace dnnbench {

// Since the machine's start; what the system does not report is 0 or absent.
struct MachineCounters {
  double busy_s = 0;                 // CPU time of the cores this process may use, in ticks
  double stolen_s = 0;               // the same
  std::optional<double> pressure_s;  // /proc/pressure/cpu, "some"
  int64_t throttled = 0;             // /sys/devices/system/cpu/cpu*/thermal_throttle
  std::optional<double> mhz;         // of the first core: cpufreq/scaling_cur_freq
  bool counts_waiting = false;       // how long threads wait for a core: /proc/self/schedstat
};

// `root` stands before /proc and /sys, for tests.
MachineCounters read_machine_counters(const std::string& root = "");

// What happened between two readings that lie window_s apart, while the engine computed for
// engine_cpu_s. The rest of a Noise comes from the engine.
Noise machine_noise(const MachineCounters& before, const MachineCounters& after, double window_s,
                    double engine_cpu_s);

}  // namespace dnnbench
