// What traffic one machine sustains: arithmetic on measured times, docs/advising.md in code. Rates
// are in inferences per second, times in seconds of one inference.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace dnnbench {

// One step of a measurement under traffic: requests arriving at a rate, and the 99th percentile of
// their response times.
struct MeasuredRate {
  double rate_per_s = 0;
  double p99_s = 0;
};

struct Speed {
  double mean_s = 0;   // one over the throughput; above 0
  size_t servers = 1;  // processes that serve requests side by side, each slower for it
  size_t samples = 0;  // 0: a published figure; then of what follows nothing is known
  double square_s2 =
      0;              // mean of the squared times of an inference; 0: times are not known. Of a
                      // published figure all times are taken as equal, the least waiting there is
  double tail_s = 0;  // 99th percentile where there are enough samples for it, else the largest
  std::vector<MeasuredRate> measured_rates;  // by rising rate; empty where none was measured

  double throughput_per_s() const { return 1 / mean_s; }
  double inference_s() const { return static_cast<double>(servers) * mean_s; }  // of one
  bool tail_is_p99() const;
  bool has_service_times() const { return square_s2 > 0; }
};

// Of the times of single inferences, one request at a time. `times_s` must not be empty.
Speed speed_of(std::span<const double> times_s);

// The same of several processes at work, none of them ever idle, that together do so much.
Speed speed_of_processes(std::span<const double> times_s, size_t processes,
                         double throughput_per_s);

Speed published_speed(double throughput_per_s);

// The highest rate up to which every measured rate was sustained; 0 where there is none.
double carried_per_s(const std::vector<MeasuredRate>& rates);

// The same machine with every time `factor` times as long.
Speed slowed(const Speed& speed, double factor);

// The highest rate that one machine sustains with its response time within `limit_s`: the 99th
// percentile, or without samples the mean. A rate that was measured within the limit is a lower
// bound; above it the estimate counts, raised so that it is not below any measurement. Without a
// limit the throughput, or what was sustained where a lower rate was more than the machine can do.
// 0 where no rate is known to be possible. Rises with the limit.
double capacity_per_s(const Speed& speed, std::optional<double> limit_s);

enum class LatencyBasis {
  kMeasuredUnderTraffic,  // 99th percentile, measured at this rate or a higher one
  kQueueingEstimate,  // 99th percentile, of times without traffic and a formula for the waiting;
                      // raised where more was measured
  kMeanEstimate,      // the mean: there are no samples, so times are taken as equal
};

struct Latency {
  std::optional<double> seconds;  // absent where it grows without end, or is not known
  LatencyBasis basis = LatencyBasis::kMeanEstimate;
};

// Response time of one machine where requests arrive at that rate. Not below what was measured at
// this rate or a lower one.
Latency latency_at(const Speed& speed, double rate_per_s);

}  // namespace dnnbench
