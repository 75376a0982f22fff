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

// Mean time that a request waits (Pollaczek and Khinchine).
double mean_wait_s(const Speed& speed, double utilisation) {
  if (utilisation >= kFullyUsed) return kInfinite;
  return utilisation * speed.square_s2 / (2 * speed.inference_s() * (1 - utilisation));
}

// Estimated response time of a machine that is busy for that share of the time: its 99th
// percentile, or its mean where there are no samples.
double estimated_response_s(const Speed& speed, double utilisation) {
  return speed.samples > 0 ? speed.tail_s + wait_p99_s(speed, utilisation)
                           : speed.mean_s + mean_wait_s(speed, utilisation);
}

double estimated_capacity_per_s(const Speed& speed, double limit_s) {
  double within = speed.samples > 0 ? 0.01 : 0, beyond = 1;
  if (estimated_response_s(speed, within) > limit_s) return 0;
  for (int i = 0; i < 100; ++i) {
    const double middle = (within + beyond) / 2;
    (estimated_response_s(speed, middle) <= limit_s ? within : beyond) = middle;
  }
  return within / speed.mean_s;
}

// Without a limit every rate that the machine sustains is within it.
bool exceeds(double p99_s, std::optional<double> limit_s) {
  return limit_s ? p99_s > *limit_s : std::isinf(p99_s);
}

double measured_capacity_per_s(const Speed& speed, std::optional<double> limit_s) {
  double capacity = 0;
  for (const MeasuredRate& step : speed.measured_rates) {
    if (exceeds(step.p99_s, limit_s)) break;
    capacity = step.rate_per_s;
  }
  return capacity;
}

// Whether no measurement under traffic contradicts the estimate: none exceeds the limit at a rate
// at which the estimate is within it.
bool estimate_holds(const Speed& speed, std::optional<double> limit_s) {
  if (!speed.has_service_times()) return false;
  return std::none_of(
      speed.measured_rates.begin(), speed.measured_rates.end(), [&](const MeasuredRate& step) {
        return exceeds(step.p99_s, limit_s) &&
               !exceeds(estimated_response_s(speed, step.rate_per_s * speed.mean_s), limit_s);
      });
}

std::optional<double> measured_p99_s(const Speed& speed, double rate_per_s) {
  for (const MeasuredRate& step : speed.measured_rates) {
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

double carried_per_s(const std::vector<MeasuredRate>& rates) {
  double carried = 0;
  for (const MeasuredRate& step : rates) {
    if (std::isinf(step.p99_s)) break;
    carried = step.rate_per_s;
  }
  return carried;
}

Speed published_speed(double throughput_per_s) {
  Speed speed;
  speed.mean_s = 1 / throughput_per_s;
  speed.square_s2 = speed.mean_s * speed.mean_s;
  return speed;
}

Speed slowed(const Speed& speed, double factor) {
  Speed slower = speed;
  slower.mean_s *= factor;
  slower.square_s2 *= factor * factor;
  slower.tail_s *= factor;
  for (MeasuredRate& step : slower.measured_rates) step.rate_per_s /= factor;
  return slower;
}

double capacity_per_s(const Speed& speed, std::optional<double> limit_s) {
  if (!limit_s) return speed.throughput_per_s();
  const double measured = measured_capacity_per_s(speed, limit_s);
  if (!estimate_holds(speed, limit_s)) return measured;
  return std::max(measured, estimated_capacity_per_s(speed, *limit_s));
}

Latency latency_at(const Speed& speed, double rate_per_s, std::optional<double> limit_s) {
  const std::optional<double> measured_s = measured_p99_s(speed, rate_per_s);
  if (!estimate_holds(speed, limit_s)) return {measured_s, LatencyBasis::kMeasuredUnderLoad};
  const double estimate_s = estimated_response_s(speed, rate_per_s * speed.mean_s);
  if (measured_s && *measured_s <= estimate_s) {
    return {measured_s, LatencyBasis::kMeasuredUnderLoad};
  }
  const LatencyBasis basis =
      speed.samples > 0 ? LatencyBasis::kQueueingEstimate : LatencyBasis::kMeanEstimate;
  if (std::isinf(estimate_s)) return {std::nullopt, basis};
  return {estimate_s, basis};
}

}  // namespace dnnbench
