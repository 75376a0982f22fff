// The load generator: requests arrive at times that were drawn before, and the engine of this
// process serves them one at a time, in their order. It lives in the engine's process, next to the
// call, so that no message between processes is in the measured times.
#pragma once

#include "protocol/messages.h"
#include "worker/engine.h"

namespace dnnbench {

// Serves until all requests have been taken or end_s has passed. Each is begun when it has arrived
// and the process is free, not before and as soon as it can: the last stretch before an arrival is
// waited for by reading the clock. Several processes that serve the same schedule take the next
// request from a counter in the mapped tickets_file (8 bytes, 0 at first), as soon as they are
// free: one queue, first come first served, without a dispatcher. Throws Error when that file
// can't be mapped.
ServedPart serve_arrivals(Engine& engine, const Schedule& schedule);

}  // namespace dnnbench
