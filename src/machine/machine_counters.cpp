#include "machine/machine_counters.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "core/folder.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

// Lines "cpuN user nice system idle iowait irq softirq steal ..."; guests are within user and nice.
// Only the cores that this process and its engines may run on.
void read_stat(const std::string& root, MachineCounters& counters) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return;
  const auto ticks_per_s = static_cast<double>(sysconf(_SC_CLK_TCK));
  std::ifstream file(root + "/proc/stat");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    std::array<double, 8> ticks{};
    words >> name;
    for (double& value : ticks) words >> value;
    if (!words || name.rfind("cpu", 0) != 0 || name.size() == 3) continue;
    const int core = std::atoi(name.c_str() + 3);
    if (core >= CPU_SETSIZE || !CPU_ISSET(core, &cores)) continue;
    counters.busy_s += (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]) / ticks_per_s;
    counters.stolen_s += ticks[7] / ticks_per_s;
  }
}

// some avg10=0.00 avg60=0.00 avg300=0.00 total=14227430
std::optional<double> read_pressure_s(const std::string& root) {
  std::ifstream file(root + "/proc/pressure/cpu");
  std::string word;
  while (file >> word) {
    if (word.rfind("total=", 0) == 0) return std::stod(word.substr(6)) / 1e6;
  }
  return std::nullopt;
}

template <typename T>
std::optional<T> read_number(const fs::path& path) {
  T value{};
  if (std::ifstream(path) >> value) return value;
  return std::nullopt;
}

int64_t read_throttled(const std::string& root) {
  int64_t times = 0;
  const std::string cpus = root + "/sys/devices/system/cpu";
  for (const std::string& cpu : names_in(cpus)) {
    const fs::path count = fs::path(cpus) / cpu / "thermal_throttle/core_throttle_count";
    times += read_number<int64_t>(count).value_or(0);
  }
  return times;
}

// "ran waited slices"; all 0 where the kernel counts nothing.
bool counts_waiting(const std::string& root) {
  return read_number<int64_t>(root + "/proc/self/schedstat").value_or(0) > 0;
}

}  // namespace

MachineCounters read_machine_counters(const std::string& root) {
  MachineCounters counters;
  read_stat(root, counters);
  counters.pressure_s = read_pressure_s(root);
  counters.throttled = read_throttled(root);
  const auto khz =
      read_number<double>(root + "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq");
  if (khz) counters.mhz = *khz / 1e3;
  counters.counts_waiting = counts_waiting(root);
  return counters;
}

Noise machine_noise(const MachineCounters& before, const MachineCounters& after, double window_s,
                    double engine_cpu_s) {
  Noise noise;
  noise.window_s = window_s;
  if (!after.counts_waiting) noise.waited_s.reset();
  noise.others_s = std::max(0.0, after.busy_s - before.busy_s - engine_cpu_s);
  noise.stolen_s = after.stolen_s - before.stolen_s;
  if (before.pressure_s && after.pressure_s)
    noise.pressure_s = *after.pressure_s - *before.pressure_s;
  noise.throttled = after.throttled - before.throttled;
  noise.lowest_mhz = noise.highest_mhz = after.mhz;
  return noise;
}

}  // namespace dnnbench
