// What measuring asks of the machine around it, for tests to answer in its place.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "machine/busy_programs.h"
#include "machine/memory.h"

namespace dnnbench {

// Seconds of CLOCK_MONOTONIC.
inline double monotonic_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Surroundings {
  std::function<int64_t()> free_memory_bytes = dnnbench::free_memory_bytes;
  std::function<double()> now_s = monotonic_s;
  std::function<ProcessTimes()> process_times = [] { return read_process_times(); };
};

}  // namespace dnnbench
