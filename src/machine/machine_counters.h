// The kernel's counters of what the whole machine does, read at the start and end of a turn.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "machine/noise.h"

namespace dnnbench {

// Since the machine's start; what the system does not report is 0 or absent.
struct MachineCounters {
  // CPU time of the cores this process may use, in ticks; absent where /proc/stat has not all of
  // them (in some containers it numbers the container's cores from 0) or counts nothing.
  std::optional<double> busy_s;
  std::optional<double> stolen_s;         // the same
  std::optional<double> pressure_s;       // /proc/pressure/cpu, "some"
  int64_t throttled = 0;                  // thermal_throttle of the cores this process may use
  std::optional<double> mhz;              // of the first of them: cpufreq/scaling_cur_freq
  bool counts_waiting = false;            // how long threads wait for a core: /proc/self/schedstat
  std::map<std::string, double> quota_s;  // read_quota_s(), machine/cgroup.h
};

// `root` stands before /proc and /sys, for tests.
MachineCounters read_machine_counters(const std::string& root = "");

// What happened between two readings that lie window_s apart, while the engine computed for
// engine_cpu_s. The rest of a Noise comes from the engine.
Noise machine_noise(const MachineCounters& before, const MachineCounters& after, double window_s,
                    double engine_cpu_s);

// What can't be known without these, as a sentence for the user; "" where all is.
std::string missing_counters(const MachineCounters& counters);

}  // namespace dnnbench
