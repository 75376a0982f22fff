// Which other programs use the cores, from /proc: what a person would look up with top.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>

namespace dnnbench {

// Of one process since its start.
struct ProcessTime {
  std::string name;  // the kernel's, up to 15 bytes
  pid_t parent = 0;
  double cpu_s = 0;
};

// Absent where there is no such process. `root` stands before /proc, for tests.
std::optional<ProcessTime> read_process(pid_t pid, const std::string& root = "");

// By process. Empty where there is no /proc.
using ProcessTimes = std::map<pid_t, ProcessTime>;
ProcessTimes read_process_times(const std::string& root = "");

// Processes of one name together.
struct BusyProgram {
  std::string name;
  int processes = 0;
  pid_t pid = 0;  // of the one that used most
  double cores = 0;
};

// The program that used most between two readings, window_s > 0 apart; `self` and its descendants
// don't count. Absent where none used a tenth of a core.
std::optional<BusyProgram> busiest_program(const ProcessTimes& before, const ProcessTimes& after,
                                           double window_s, pid_t self);

// "cc1plus (2 processes) uses 1.80 cores", "node (process 1234) uses 0.95 cores".
std::string describe(const BusyProgram& program);

}  // namespace dnnbench
