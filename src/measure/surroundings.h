// What measuring asks of the machine and the person around it, for tests to answer in its place.
#pragma once

#include <cstdint>
#include <functional>

#include "core/clock.h"
#include "machine/busy_programs.h"
#include "machine/memory.h"
#include "process/interrupt.h"

namespace dnnbench {

// By the real clock, which now_s of a run that goes on is not (measure/journal.h).
struct TimedProcesses {
  ProcessTimes times;
  double at_s = 0;
};

struct Surroundings {
  std::function<int64_t()> free_memory_bytes = [] { return dnnbench::free_memory_bytes(); };
  std::function<double()> now_s = monotonic_s;
  std::function<bool()> is_interrupted = dnnbench::is_interrupted;

  // What was found out so far is kept (measure/journal.h); `block` when turns were taken.
  std::function<void(bool block)> commit = [](bool) {};
  std::function<TimedProcesses()> process_times = [] {
    return TimedProcesses{read_process_times(), monotonic_s()};
  };
};

}  // namespace dnnbench
