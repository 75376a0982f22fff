#include "machine/busy_programs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/folder.h"
#include "core/printable.h"

namespace dnnbench {
namespace {

constexpr double kMinCores = 0.1;

// "PID (name) state ppid ...": the name may hold spaces and parentheses. utime and stime are the
// 12th and 13th value after the name (proc_pid_stat(5)).
std::optional<ProcessTime> parse_stat(const std::string& stat) {
  const size_t open = stat.find('('), close = stat.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  ProcessTime process;
  process.name = stat.substr(open + 1, close - open - 1);
  std::istringstream rest(stat.substr(close + 1));
  std::string state, skipped;
  rest >> state >> process.parent;
  for (int i = 0; i < 9; ++i) rest >> skipped;
  double user_ticks = 0, system_ticks = 0;
  rest >> user_ticks >> system_ticks;
  if (!rest) return std::nullopt;
  process.cpu_s = (user_ticks + system_ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return process;
}

bool descends_from(pid_t pid, pid_t ancestor, const ProcessTimes& processes) {
  for (int generations = 0; generations < 100; ++generations) {
    if (pid == ancestor) return true;
    const auto process = processes.find(pid);
    if (process == processes.end()) return false;
    pid = process->second.parent;
  }
  return false;
}

}  // namespace

std::optional<ProcessTime> read_process(pid_t pid, const std::string& root) {
  std::ifstream file(fmt::format("{}/proc/{}/stat", root, pid), std::ios::binary);
  std::ostringstream stat;
  stat << file.rdbuf();  // nothing, and no exception, where it has ended since
  return parse_stat(stat.str());
}

ProcessTimes read_process_times(const std::string& root) {
  ProcessTimes processes;
  for (const std::string& name : names_in(root + "/proc")) {
    const pid_t pid = std::atoi(name.c_str());
    if (pid <= 0) continue;
    if (auto process = read_process(pid, root)) processes[pid] = *process;
  }
  return processes;
}

std::optional<BusyProgram> busiest_program(const ProcessTimes& before, const ProcessTimes& after,
                                           double window_s, pid_t self) {
  std::map<std::string, BusyProgram> programs;
  std::map<std::string, double> max_s;  // of one process
  for (const auto& [pid, process] : after) {
    if (descends_from(pid, self, after)) continue;
    const auto earlier = before.find(pid);
    const double cpu_s = process.cpu_s - (earlier == before.end() ? 0 : earlier->second.cpu_s);
    if (cpu_s <= 0) continue;
    BusyProgram& program = programs[process.name];
    program.name = process.name;
    program.cores += cpu_s / window_s;
    ++program.processes;
    if (cpu_s > max_s[process.name]) {
      max_s[process.name] = cpu_s;
      program.pid = pid;
    }
  }
  std::optional<BusyProgram> busiest;
  for (const auto& [name, program] : programs) {
    if (program.cores < (busiest ? busiest->cores : kMinCores)) continue;
    busiest = program;
  }
  return busiest;
}

std::string describe(const BusyProgram& program) {
  const std::string who = program.processes == 1 ? fmt::format("process {}", program.pid)
                                                 : fmt::format("{} processes", program.processes);
  return fmt::format("{} ({}) uses {:.2f} cores", printable(program.name), who, program.cores);
}

}  // namespace dnnbench
