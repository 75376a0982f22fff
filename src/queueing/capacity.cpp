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

// By queueing theory alone, the response time of a machine that is busy for that share of the time:
// its 99th percentile, or its mean where there are no samples.
double response_s(const Speed& speed, double utilisation) {
  return speed.samples > 0 ? speed.tail_s + wait_p99_s(speed, utilisation)
                           : speed.mean_s + mean_wait_s(speed, utilisation);
}

// What the response is multiplied by, so that the estimate is not below any measurement: at
// least 1. It must not depend on the limit, or a looser limit could need more machines.
double correction(const Speed& speed) {
  double factor = 1;
  for (const MeasuredRate& step : speed.measured_rates) {
    if (std::isinf(step.p99_s)) continue;
    factor = std::max(factor, step.p99_s / response_s(speed, step.rate_per_s * speed.mean_s));
  }
  return factor;
}

// The lowest measured rate that is more than the machine can do.
double overload_per_s(const Speed& speed) {
  for (const MeasuredRate& step : speed.measured_rates) {
    if (std::isinf(step.p99_s)) return step.rate_per_s;
  }
  return kInfinite;
}

// The highest rate that is known to be possible or can be estimated: below an overload that the
// times don't explain, what was sustained.
double estimated_up_to_per_s(const Speed& speed) {
  const double throughput_per_s = speed.throughput_per_s();
  return overload_per_s(speed) < throughput_per_s * kFullyUsed ? carried_per_s(speed.measured_rates)
                                                               : throughput_per_s;
}

double estimated_capacity_per_s(const Speed& speed, double limit_s) {
  if (!speed.has_service_times()) return 0;
  const double response_limit_s = limit_s / correction(speed);
  double within = speed.samples > 0 ? 0.01 : 0, beyond = 1;
  if (response_s(speed, within) > response_limit_s) return 0;
  for (int i = 0; i < 100; ++i) {
    const double middle = (within + beyond) / 2;
    (response_s(speed, middle) <= response_limit_s ? within : beyond) = middle;
  }
  return std::min(within / speed.mean_s, estimated_up_to_per_s(speed));
}

double measured_capacity_per_s(const Speed& speed, double limit_s) {
  double capacity = 0;
  for (const MeasuredRate& step : speed.measured_rates) {
    if (step.p99_s > limit_s) break;
    capacity = step.rate_per_s;
  }
  return capacity;
}

// Infinite where the queue grows without end, absent where nothing is known.
std::optional<double> estimated_latency_s(const Speed& speed, double rate_per_s) {
  if (!speed.has_service_times()) return std::nullopt;
  const double limit_per_s = std::min(overload_per_s(speed), speed.throughput_per_s());
  if (rate_per_s >= limit_per_s * kFullyUsed) return kInfinite;
  if (rate_per_s * kFullyUsed > estimated_up_to_per_s(speed)) return std::nullopt;
  return correction(speed) * response_s(speed, rate_per_s * speed.mean_s);
}

// The highest measured at rates up to the next measured one: at a higher rate it is not lower but
// by luck.
std::optional<double> measured_p99_s(const Speed& speed, double rate_per_s) {
  double highest_s = 0;
  for (const MeasuredRate& step : speed.measured_rates) {
    highest_s = std::max(highest_s, step.p99_s);
    if (step.rate_per_s < rate_per_s * kFullyUsed) continue;
    return std::isinf(highest_s) ? std::nullopt : std::optional(highest_s);
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
  if (!limit_s) return estimated_up_to_per_s(speed);
  return std::min(speed.throughput_per_s(), std::max(measured_capacity_per_s(speed, *limit_s),
                                                     estimated_capacity_per_s(speed, *limit_s)));
}

Latency latency_at(const Speed& speed, double rate_per_s) {
  const std::optional<double> measured_s = measured_p99_s(speed, rate_per_s);
  const std::optional<double> estimate_s = estimated_latency_s(speed, rate_per_s);
  if (!estimate_s || (measured_s && *measured_s * kFullyUsed <= *estimate_s)) {
    return {measured_s, LatencyBasis::kMeasuredUnderTraffic};
  }
  const LatencyBasis basis =
      speed.samples > 0 ? LatencyBasis::kQueueingEstimate : LatencyBasis::kMeanEstimate;
  if (std::isinf(*estimate_s)) return {std::nullopt, basis};
  return {estimate_s, basis};
}

}  // namespace dnnbench
