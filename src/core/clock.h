// The clock that all durations are of.
#pragma once

#include <chrono>

namespace dnnbench {

// Seconds of CLOCK_MONOTONIC.
inline double monotonic_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace dnnbench
