// One turn of an engine under traffic: which requests came, and when each was served.
#pragma once

#include <cstddef>
#include <vector>

#include "measure/turn.h"
#include "process/engine_session.h"
#include "traffic/rate_figures.h"

namespace dnnbench {

// Which requests come.
struct TrafficTurnRequest {
  std::vector<double> arrival_s;  // since the turn's start, rising; at least one
  size_t dropped = 0;             // the first so many are served and not kept; fewer than all
};

// What came of it.
struct TrafficTurn : Turn {
  std::vector<ServedRequest> requests;  // kept, in the order of arrival; times on CLOCK_MONOTONIC
  double length_s = 0;                  // of the stretch in which those arrived
  size_t served = 0;                    // of all, those not kept too
  size_t unserved = 0;                  // of all, not begun long after the last had arrived
};

// From what each of the engine's processes served; all of it where they got no further than what
// was to be dropped. What the machine did beside it is not in it yet.
TrafficTurn join(const std::vector<ServedPart>& parts, const Schedule& schedule, size_t dropped);

}  // namespace dnnbench
