// The child side of the protocol (docs/protocol.md): answers the parent's requests with the one
// engine that is linked into this executable. Single-threaded; the timed loop is run_slice.
#pragma once

#include <cstdint>
#include <vector>

#include "worker/engine.h"
#include "worker/process_counters.h"

namespace dnnbench {

// Timed experiments, one entry an experiment, on CLOCK_MONOTONIC.
struct Slice {
  std::vector<int64_t> start_ns;
  std::vector<int64_t> duration_ns;  // of all `number` inferences of the experiment together
  ProcessCounters counted;
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
