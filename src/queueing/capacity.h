// What load one machine carries: arithmetic on measured times, docs/advising.md in code. Rates are
// in inferences a second, times in seconds of one inference.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace dnnbench {

// One step of a measurement under load: requests arriving at a rate, and the 99th percentile of
// their response times.
struct MeasuredRate {
  double rate_per_s = 0;
  double p99_s = 0;
};

struct Speed {
  double mean_s = 0;     // one over the throughput; above 0
  size_t servers = 1;    // processes that serve requests side by side, each slower for it
  size_t samples = 0;    // 0: a published figure; then of what follows nothing is known
  double square_s2 = 0;  // mean of the squared times of an inference
  double tail_s = 0;     // 99th percentile where there are enough samples for it, else the largest
  std::vector<MeasuredRate> load_rates;  // by rising rate; empty where load was not measured

  double throughput_per_s() const { return 1 / mean_s; }
  double inference_s() const { return static_cast<double>(servers) * mean_s; }  // of one
  bool tail_is_p99() const;
};

// Of the times of single inferences, one request at a time. `times_s` must not be empty.
Speed speed_of(std::span<const double> times_s);

// The same of several processes at work, none of them ever idle, that together do so much.
Speed speed_of_processes(std::span<const double> times_s, size_t processes,
                         double throughput_per_s);

Speed published_speed(double throughput_per_s);

// The greatest rate up to which every measured rate was carried; 0 where there is none.
double carried_per_s(const std::vector<MeasuredRate>& load_rates);

// The same machine with every time `factor` times as long.
Speed slowed(const Speed& speed, double factor);

// The greatest rate that one machine carries, with the 99th percentile of its response time at most
// `p99_s` where that is given. 0 where no rate does.
double capacity_per_s(const Speed& speed, std::optional<double> p99_s);

enum class LatencyBasis {
  kMeasuredUnderLoad,  // 99th percentile
  kQueueingEstimate,   // 99th percentile, of times without load and a formula for the waiting
  kMean,               // the mean without waiting: there are no samples
};

struct Latency {
  std::optional<double> seconds;  // absent where it grows without end
  LatencyBasis basis = LatencyBasis::kMean;
};

// Latency of one machine where requests arrive at that rate.
Latency latency_at(const Speed& speed, double rate_per_s);

}  // namespace dnnbench
