#include "machine/cores.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "core/folder.h"

namespace dnnbench {
namespace {

constexpr int kMaxCores = 64 * CPU_SETSIZE;  // eight times what Linux can be built for

// A kernel for more than CPU_SETSIZE cores refuses sets that are smaller than its own.
Cores cores_of_thread(pid_t thread, AskKernel ask = sched_getaffinity) {
  std::vector<cpu_set_t> sets(1);
  while (ask(thread, sets.size() * sizeof(cpu_set_t), sets.data()) != 0) {
    if (errno != EINVAL || sets.size() * CPU_SETSIZE >= kMaxCores) return {};
    sets.resize(2 * sets.size());
  }
  Cores cores;
  for (size_t core = 0; core < sets.size() * CPU_SETSIZE; ++core) {
    const bool is_in = CPU_ISSET_S(core, sets.size() * sizeof(cpu_set_t), sets.data());
    if (is_in) cores.push_back(static_cast<int>(core));
  }
  return cores;
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// The same text for the logical cores of one physical core, within its package. core_id is not
// unique in a package of several clusters.
std::string physical_core_of(const std::string& topology, int core) {
  for (const std::string name : {"core_cpus_list", "thread_siblings_list", "core_id"}) {
    const std::string text = first_line(topology + name);
    if (!text.empty()) return text;
  }
  return "only " + std::to_string(core);
}

// The next `count` entries, in one list.
template <typename Iterator>
Cores take(Iterator& next, int count) {
  Cores cores;
  for (int i = 0; i < count; ++i, ++next) cores.insert(cores.end(), next->begin(), next->end());
  std::sort(cores.begin(), cores.end());
  return cores;
}

std::vector<Cores> one_by_one(const std::vector<Cores>& physical) {
  std::vector<Cores> logical;
  for (const Cores& cores : physical) {
    for (const int core : cores) logical.push_back({core});
  }
  return logical;
}

}  // namespace

Cores allowed_cores(AskKernel ask) { return cores_of_thread(0, ask); }

std::vector<cpu_set_t> sets_of(const Cores& cores) {
  if (cores.empty()) return {};
  std::vector<cpu_set_t> sets(static_cast<size_t>(cores.back()) / CPU_SETSIZE + 1);
  for (const int core : cores) CPU_SET_S(core, sets.size() * sizeof(cpu_set_t), sets.data());
  return sets;
}

std::string to_list(const Cores& cores) {
  std::string list;
  for (size_t first = 0, last = 0; first < cores.size(); first = ++last) {
    while (last + 1 < cores.size() && cores[last + 1] == cores[last] + 1) ++last;
    if (first > 0) list += ",";
    list += std::to_string(cores[first]);
    if (last > first) list += "-" + std::to_string(cores[last]);
  }
  return list;
}

Cores read_list(const std::string& text) {
  Cores cores;
  std::istringstream ranges(text);
  for (std::string range; std::getline(ranges, range, ',');) {
    int first = 0, last = 0;
    const int numbers = std::sscanf(range.c_str(), "%d-%d", &first, &last);
    if (numbers < 1 || first < 0) break;
    if (numbers < 2) last = first;
    for (int core = first; core <= std::min(last, kMaxCores - 1); ++core) cores.push_back(core);
  }
  return cores;
}

Cores isolated_cores(const std::string& root) {
  const Cores allowed = allowed_cores();
  const Cores isolated = read_list(first_line(root + "/sys/devices/system/cpu/isolated"));
  Cores both;
  std::set_intersection(allowed.begin(), allowed.end(), isolated.begin(), isolated.end(),
                        std::back_inserter(both));
  return both;
}

std::string warn_of_isolated(const Cores& isolated) {
  if (isolated.size() < 2) return "";
  return fmt::format(
      "The kernel spreads no threads over the isolated cores {} (isolcpus): an engine that doesn't "
      "pin its threads may run all of them on one core. Use other cores, or one core or "
      "--threads=1.",
      to_list(isolated));
}

std::vector<Cores> physical_cores(const std::string& root) {
  std::map<std::pair<int, std::string>, Cores> found;  // by package and the core in it
  for (const int core : allowed_cores()) {
    const std::string topology =
        root + "/sys/devices/system/cpu/cpu" + std::to_string(core) + "/topology/";
    const int package = std::atoi(first_line(topology + "physical_package_id").c_str());
    found[{package, physical_core_of(topology, core)}].push_back(core);
  }
  std::vector<std::pair<int, Cores>> all;  // with the package
  for (const auto& [place, cores] : found) all.emplace_back(place.first, cores);
  std::sort(all.begin(), all.end());
  std::vector<Cores> physical;
  for (auto& [package, cores] : all) physical.push_back(std::move(cores));
  return physical;
}

std::vector<Cores> share_cores(const std::vector<Cores>& physical, int processes, int threads) {
  if (processes < 2) return {};
  const auto fit = [&](const std::vector<Cores>& cores) {
    return cores.size() / static_cast<size_t>(processes) >= static_cast<size_t>(threads);
  };
  const std::vector<Cores> cores = fit(physical) ? physical : one_by_one(physical);
  if (!fit(cores)) return {};
  std::vector<Cores> shares;
  auto next = cores.begin();
  for (int process = 0; process < processes; ++process) shares.push_back(take(next, threads));
  return shares;
}

Cores cores_of_process(pid_t process) {
  std::set<int> all;
  for (const std::string& task : names_in("/proc/" + std::to_string(process) + "/task")) {
    const Cores own = cores_of_thread(std::atoi(task.c_str()));
    all.insert(own.begin(), own.end());
  }
  return {all.begin(), all.end()};
}

}  // namespace dnnbench
