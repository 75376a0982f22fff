// What the kernel counts for this process, read before and after a stretch of timing.
#pragma once

#include <cstdint>

namespace dnnbench {

// CLOCK_MONOTONIC, which all processes share.
int64_t now_ns();
inline double to_seconds(int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e9; }

// Of all its threads together, since each began.
struct ProcessCounters {
  int64_t waited_ns = 0;  // ready to run but without a core; 0 where the kernel does not say
  int64_t cpu_ns = 0;
  int64_t involuntary_switches = 0;  // how often the kernel took a thread's core away
};

ProcessCounters read_process_counters();

// What was counted since `before`. A thread that has ended takes its waiting with it.
ProcessCounters since(const ProcessCounters& before);

}  // namespace dnnbench
