#include "worker/process_counters.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace dnnbench {
namespace {

// The second field of /proc/PID/task/TID/schedstat.
int64_t waited_ns() {
  int64_t total = 0;
  std::error_code ignored;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", ignored)) {
    int64_t ran = 0, waited = 0;
    if (std::ifstream(task.path() / "schedstat") >> ran >> waited) total += waited;
  }
  return total;
}

int64_t cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

int64_t involuntary_switches() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nivcsw;
}

}  // namespace

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

ProcessCounters read_process_counters() { return {waited_ns(), cpu_ns(), involuntary_switches()}; }

ProcessCounters since(const ProcessCounters& before) {
  const int64_t cpu = cpu_ns();  // first, for the others take time
  return {std::max<int64_t>(0, waited_ns() - before.waited_ns), cpu - before.cpu_ns,
          involuntary_switches() - before.involuntary_switches};
}

}  // namespace dnnbench
