#include "queueing/capacity.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/statistics.h"

namespace dnnbench {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kFullyUsed = 1 - 1e-9;

// 99th percentile of the time that a request waits for those before it: Pollaczek and Khinchine's
// mean, with an exponential tail for those that wait at all. Requests are spread over the processes
// at random.
double wait_p99_s(const Speed& speed, double utilisation) {
  if (utilisation <= 0.01) return 0;
  if (utilisation >= kFullyUsed) return kInfinite;
  return speed.square_s2 / (2 * speed.inference_s() * (1 - utilisation)) *
         std::log(100 * utilisation);
}

double estimated_capacity_per_s(const Speed& speed, double p99_s) {
  if (speed.tail_s > p99_s) return 0;
  double within = 0.01, beyond = 1;
  for (int i = 0; i < 100; ++i) {
    const double middle = (within + beyond) / 2;
    (speed.tail_s + wait_p99_s(speed, middle) <= p99_s ? within : beyond) = middle;
  }
  return within / speed.mean_s;
}

double measured_capacity_per_s(const Speed& speed, double p99_s) {
  double capacity = 0;
  for (const MeasuredRate& step : speed.load_rates) {
    if (step.p99_s > p99_s) break;
    capacity = step.rate_per_s;
  }
  return capacity;
}

std::optional<double> measured_p99_s(const Speed& speed, double rate_per_s) {
  for (const MeasuredRate& step : speed.load_rates) {
    if (step.rate_per_s < rate_per_s * kFullyUsed) continue;
    return std::isinf(step.p99_s) ? std::nullopt : std::optional(step.p99_s);
  }
  return std::nullopt;
}

bool can_tell_p99(size_t samples) {
  const std::vector<int> percentiles = percentiles_supported(samples);
  return std::find(percentiles.begin(), percentiles.end(), 99) != percentiles.end();
}

}  // namespace

bool Speed::tail_is_p99() const { return can_tell_p99(samples); }

Speed speed_of(std::span<const double> times_s) {
  Speed speed;
  speed.samples = times_s.size();
  speed.mean_s = mean(times_s);
  for (const double time_s : times_s) speed.square_s2 += time_s * time_s;
  speed.square_s2 /= static_cast<double>(times_s.size());
  speed.tail_s = speed.tail_is_p99() ? percentile(times_s, 99) : max(times_s);
  return speed;
}

Speed speed_of_processes(std::span<const double> times_s, size_t processes,
                         double throughput_per_s) {
  Speed speed = speed_of(times_s);
  speed.servers = processes;
  speed.mean_s = 1 / throughput_per_s;
  return speed;
}

double carried_per_s(const std::vector<MeasuredRate>& load_rates) {
  double carried = 0;
  for (const MeasuredRate& step : load_rates) {
    if (std::isinf(step.p99_s)) break;
    carried = step.rate_per_s;
  }
  return carried;
}

Speed published_speed(double throughput_per_s) {
  Speed speed;
  speed.mean_s = 1 / throughput_per_s;
  return speed;
}

Speed slowed(const Speed& speed, double factor) {
  Speed slower = speed;
  slower.mean_s *= factor;
  slower.square_s2 *= factor * factor;
  slower.tail_s *= factor;
  for (MeasuredRate& step : slower.load_rates) step.rate_per_s /= factor;
  return slower;
}

double capacity_per_s(const Speed& speed, std::optional<double> p99_s) {
  if (!p99_s) return speed.throughput_per_s();
  if (!speed.load_rates.empty()) return measured_capacity_per_s(speed, *p99_s);
  if (speed.samples > 0) return estimated_capacity_per_s(speed, *p99_s);
  return speed.mean_s <= *p99_s ? speed.throughput_per_s() : 0;
}

Latency latency_at(const Speed& speed, double rate_per_s) {
  if (!speed.load_rates.empty()) {
    return {measured_p99_s(speed, rate_per_s), LatencyBasis::kMeasuredUnderLoad};
  }
  if (speed.samples == 0) return {speed.mean_s, LatencyBasis::kMean};
  const double wait_s = wait_p99_s(speed, rate_per_s * speed.mean_s);
  if (std::isinf(wait_s)) return {std::nullopt, LatencyBasis::kQueueingEstimate};
  return {speed.tail_s + wait_s, LatencyBasis::kQueueingEstimate};
}

}  // namespace dnnbench
