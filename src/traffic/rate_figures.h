// What a stretch of requests at one rate showed, and whether its latencies mean anything.
// Arithmetic alone. Times in seconds on one clock, rates in requests per second.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rank/median_interval.h"

namespace dnnbench {

struct ServedRequest {
  double intended_s = 0;  // when it arrives by the schedule
  double begin_s = 0;     // when a server took it up
  double end_s = 0;
  double late_s = 0;  // begin_s after it had arrived and its server was free: the generator's fault

  double latency_s() const { return end_s - intended_s; }
  double wait_s() const { return begin_s - intended_s; }
  double service_s() const { return end_s - begin_s; }
};

enum class RateVerdict {
  kCarried,     // the latencies are those of the rate
  kOverloaded,  // requests arrive faster than they are served: latency grows with the time waited
  kUnsteady,    // too near to that for so short a measurement
  kLate,        // the generator sent requests too late: void
  kDisturbed,   // something else disturbed most turns at a rate of a search: void
};
std::string_view to_string(RateVerdict verdict);  // "carried", "overloaded", ..., "disturbed"

struct RateFigures {
  double rate_per_s = 0;
  size_t servers = 1;
  size_t requests = 0;    // measured
  double busy_share = 0;  // rate times mean service time, of all servers
  double mean_service_s = 0;
  double mean_wait_s = 0;
  std::optional<double> p99_s;  // latency; absent with fewer than 459 requests
  Interval p99_interval_s;      // 95 % (p99_interval.h)
  double relaxation_s = 0;      // how long the queue remembers
  double mean_late_s = 0;
  double p99_late_s = 0;  // with fewer than 459 requests the largest
  double most_late_s = 0;
  RateVerdict verdict = RateVerdict::kCarried;
  std::string reason;  // one sentence where it is not sustained

  double max_per_s() const { return static_cast<double>(servers) / mean_service_s; }
};

// How long a queue with Poisson arrivals remembers its state: the relaxation time of the reflected
// Brownian motion that approximates it, 2 rate E[S^2] / (servers (1 - busy))^2 (Kleinrock,
// *Queueing Systems* II, 2.7). Infinite where the servers are always busy.
double relaxation_s(double rate_per_s, double mean_square_service_s2, double busy_share,
                    size_t servers);

// A measurement is long enough when each of its stretches is so many times the relaxation time.
inline constexpr double kMinRelaxations = 5;

// The generator may send requests late by this share of the mean service time, on average: at a
// utilisation of 80 % that makes waiting 5 % longer. And by this share of the 99th percentile of
// latency, in all but 1 % of the requests.
inline constexpr double kMaxMeanLate = 0.01;
inline constexpr double kMaxP99Late = 0.05;

// `requests`, at least one, in the order of arrival, those of several stretches one after the
// other; `shortest_s` is the length of the shortest stretch, and `unserved` is how many requests
// had not been taken up long after they had all arrived.
RateFigures rate_figures(double rate_per_s, size_t servers,
                         const std::vector<ServedRequest>& requests, double shortest_s,
                         size_t unserved);

}  // namespace dnnbench
