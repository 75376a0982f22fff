// The load generator: requests arrive at times that were drawn before, and the engine of this
// process serves them one at a time, in their order. It lives in the engine's process, next to the
// call, so that no message between processes is in the measured times.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "worker/engine.h"
#include "worker/process_counters.h"

namespace dnnbench {

// Times on CLOCK_MONOTONIC.
struct Arrivals {
  int64_t origin_ns = 0;            // the start of the schedule
  std::vector<int64_t> arrival_ns;  // since the origin, rising
  int64_t end_ns = 0;               // since the origin: no request is begun later
  std::string tickets_file;         // where several processes share the queue; else empty
};

// The requests that this process served, one entry each.
struct Served {
  std::vector<int64_t> request;   // index into arrival_ns
  std::vector<int64_t> begin_ns;  // on CLOCK_MONOTONIC
  std::vector<int64_t> finish_ns;
  std::vector<int64_t> late_ns;  // began so long after it had arrived and this process was free
  ProcessCounters counted;       // without the time spent spinning for the next arrival
};

// Serves until all requests have been taken or end_ns has passed. Each is begun when it has arrived
// and the process is free, not before and as soon as it can: the last stretch before an arrival is
// waited for by reading the clock. Several processes that serve the same arrivals take the next
// request from a counter in the mapped tickets_file (8 bytes, 0 at first), as soon as they are
// free: one queue, first come first served, and nobody in between. Throws Error when that file
// can't be mapped.
Served serve_arrivals(Engine& engine, const Arrivals& arrivals);

}  // namespace dnnbench
