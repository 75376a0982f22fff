#include "rank/steady.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/statistics.h"

namespace dnnbench {
namespace {

constexpr double kAlike = 0.02;

// Of a median, from the median absolute deviation: 1.4826 makes that a standard deviation, and the
// median of n normal values varies with sqrt(pi / 2 / n) of it.
double standard_error(std::span<const double> values, double centre) {
  std::vector<double> deviations;
  for (const double value : values) deviations.push_back(std::fabs(value - centre));
  return 1.4826 * 1.2533 * median(deviations) / std::sqrt(static_cast<double>(values.size()));
}

}  // namespace

bool is_steady(std::span<const double> durations) {
  if (durations.size() < kMinForSteady) return false;
  const auto recent = durations.last(durations.size() - durations.size() / 2);
  const auto older = recent.first(recent.size() / 2);
  const auto newer = recent.last(recent.size() - older.size());
  const double before = median(older), now = median(newer);
  const double noise = std::hypot(standard_error(older, before), standard_error(newer, now));
  return before - now <= std::max(kAlike * now, 2 * noise);
}

}  // namespace dnnbench
