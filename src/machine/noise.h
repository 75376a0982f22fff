// What else went on on the machine while engines were measured. Plain data;
// machine/machine_counters.h reads it, machine/disturbance.h judges it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace dnnbench {

// Over one turn of an engine, or summed over its turns. Times in seconds.
struct Noise {
  double window_s = 0;  // wall time that all else relates to
  // That the engine's threads together were ready but had no core; absent where the kernel does not
  // say.
  std::optional<double> waited_s = 0;
  // CPU time of everything else on the same cores; that the hypervisor took from all of them
  // together. Absent where the system does not report these cores.
  std::optional<double> others_s = 0, stolen_s = 0;
  // That a control group's CPU quota stopped the cores that this run used, added up; absent where
  // no group counts it.
  std::optional<double> quota_s;
  std::optional<double> pressure_s;  // that some task of the machine waited for a core (PSI)
  int64_t involuntary_switches = 0;  // of the engine's threads
  int64_t throttled = 0;             // times that a core was slowed down for heat
  std::optional<double> lowest_mhz;  // of the first core that may be used, at the turns' ends
  std::optional<double> highest_mhz;
};

// Shares of the window; one core's worth of others' CPU time is 1.
inline double share_of(double seconds, const Noise& noise) {
  return noise.window_s > 0 ? seconds / noise.window_s : 0;
}

// `turn` added to the sum `total`.
void add(Noise& total, const Noise& turn);

}  // namespace dnnbench
