#include "machine/machine_counters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "machine/cgroup.h"
#include "machine/cores.h"

namespace dnnbench {
namespace {

// Lines "cpuN user nice system idle iowait irq softirq steal ..."; guests are within user and nice.
// Only the cores that this process and its engines may run on.
void read_stat(const std::string& root, const Cores& cores, MachineCounters& counters) {
  double busy_s = 0, stolen_s = 0;
  size_t found = 0;
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
    if (!std::binary_search(cores.begin(), cores.end(), core)) continue;
    ++found;
    busy_s += (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]) / ticks_per_s;
    stolen_s += ticks[7] / ticks_per_s;
  }
  // This process runs on them: where none was ever busy, as in gVisor, nothing is counted.
  if (found < cores.size() || busy_s == 0) return;
  counters.busy_s = busy_s;
  counters.stolen_s = stolen_s;
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
std::optional<T> read_value(const std::string& path) {
  T value{};
  if (std::ifstream(path) >> value) return value;
  return std::nullopt;
}

std::string folder_of(int core, const std::string& root) {
  return root + "/sys/devices/system/cpu/cpu" + std::to_string(core);
}

int64_t read_throttled(const std::string& root, const Cores& cores) {
  int64_t times = 0;
  for (const int core : cores) {
    const std::string count = folder_of(core, root) + "/thermal_throttle/core_throttle_count";
    times += read_value<int64_t>(count).value_or(0);
  }
  return times;
}

std::optional<double> read_mhz(const std::string& root, const Cores& cores) {
  if (cores.empty()) return std::nullopt;
  const auto khz = read_value<double>(folder_of(cores.front(), root) + "/cpufreq/scaling_cur_freq");
  return khz ? std::optional(*khz / 1e3) : std::nullopt;
}

// "ran waited slices"; all 0 where the kernel counts nothing.
bool counts_waiting(const std::string& root) {
  return read_value<int64_t>(root + "/proc/self/schedstat").value_or(0) > 0;
}

std::optional<double> difference(std::optional<double> before, std::optional<double> after) {
  return before && after ? std::optional(*after - *before) : std::nullopt;
}

// Of the group that was stopped for longest: a container's and its pod's quota often stop both.
std::optional<double> quota_s_between(const MachineCounters& before, const MachineCounters& after) {
  std::optional<double> longest_s;
  for (const auto& [group, seconds] : after.quota_s) {
    const auto earlier = before.quota_s.find(group);
    if (earlier == before.quota_s.end()) continue;
    longest_s = std::max(longest_s.value_or(0), seconds - earlier->second);
  }
  return longest_s;
}

}  // namespace

MachineCounters read_machine_counters(const std::string& root) {
  const Cores cores = allowed_cores();
  MachineCounters counters;
  read_stat(root, cores, counters);
  counters.pressure_s = read_pressure_s(root);
  counters.throttled = read_throttled(root, cores);
  counters.mhz = read_mhz(root, cores);
  counters.counts_waiting = counts_waiting(root);
  counters.quota_s = read_quota_s(root);
  return counters;
}

Noise machine_noise(const MachineCounters& before, const MachineCounters& after, double window_s,
                    double engine_cpu_s) {
  Noise noise;
  noise.window_s = window_s;
  if (!after.counts_waiting) noise.waited_s.reset();
  noise.others_s = difference(before.busy_s, after.busy_s);
  if (noise.others_s) noise.others_s = std::max(0.0, *noise.others_s - engine_cpu_s);
  noise.stolen_s = difference(before.stolen_s, after.stolen_s);
  noise.quota_s = quota_s_between(before, after);
  noise.pressure_s = difference(before.pressure_s, after.pressure_s);
  noise.throttled = after.throttled - before.throttled;
  noise.lowest_mhz = noise.highest_mhz = after.mhz;
  return noise;
}

std::string missing_counters(const MachineCounters& counters) {
  std::vector<std::string> missing;
  if (!counters.counts_waiting) missing.emplace_back("how long an engine waits for a core");
  if (!counters.busy_s) missing.emplace_back("what other programs use of its cores");
  if (missing.empty()) return "";
  return fmt::format(
      "On this machine's kernel nothing reports {}: keep the machine idle while this runs.",
      fmt::join(missing, " or "));
}

}  // namespace dnnbench
