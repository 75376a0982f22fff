// The child side of the protocol (docs/protocol.md): answers the parent's requests with the one
// engine that is linked into this executable. Single-threaded; the timed loop is run_slice.
#pragma once

#include <cstdint>
#include <vector>

#include "worker/engine.h"

namespace dnnbench {

// Timed experiments, one entry an experiment, on CLOCK_MONOTONIC.
struct Slice {
  std::vector<int64_t> start_ns;
  std::vector<int64_t> duration_ns;  // of all `number` inferences of the experiment together
  int64_t waited_ns = 0;             // that all threads together were ready to run but had no core
  int64_t cpu_ns = 0;                // that all threads together have computed
  int64_t involuntary_switches = 0;  // how often the kernel took a thread's core away
};

struct SliceRequest {
  int64_t experiments = 1;  // at most so many
  int64_t number = 1;       // inferences an experiment
  double max_s = 0;         // begin no further experiment after so long; at least one is run
};

// Runs the experiments back to back. Between two clock readings lies nothing but Engine::run.
Slice run_slice(Engine& engine, const SliceRequest& request);

// Serves requests from kRequestFd until it is closed. Returns the process's exit code.
int serve();

}  // namespace dnnbench
