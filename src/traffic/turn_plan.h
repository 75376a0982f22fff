// How long an engine is put under traffic: how many requests in how many turns. Arithmetic alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace dnnbench {

struct TrafficTurnPlan {
  size_t lead_in = 0;  // requests that are served first in a turn and dropped: the queue fills up
  size_t kept = 1;     // requests measured after them, in all turns together
  size_t turns = 1;

  // Of the turn with that number, from 0 on.
  size_t kept_in(size_t turn) const { return kept * (turn + 1) / turns - kept * turn / turns; }
};

struct ExpectedTraffic {
  double rate_per_s = 0;
  double service_s = 0;  // of one request
  size_t servers = 1;
};

// Turns of an engine at one rate that fit in budget_s together. `requests`: exactly so many are
// kept in all, whatever the budget; otherwise as many as show the 99th percentile well at this
// utilisation, and at most as many as a file should hold. Each turn begins with an empty queue, so
// its lead-in lasts three relaxation times, and what is kept at least kMinRelaxations
// (rate_figures.h) where the budget holds that, and some seconds: that is what limits the number of
// turns. A rate above what the servers can do gets one short turn, enough to see it.
TrafficTurnPlan plan_turns(const ExpectedTraffic& expected, double budget_s,
                           std::optional<int64_t> requests);

// A budget with which the plan keeps enough requests for a 99th percentile.
double budget_for_p99_s(double rate_per_s);

}  // namespace dnnbench
