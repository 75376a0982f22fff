#include "traffic/p99_interval.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/mean_interval.h"
#include "core/statistics.h"

namespace dnnbench {
namespace {

constexpr double kShareAbove = 0.01;
constexpr double kErrorEachEnd = 0.025;
constexpr double kNormalQuantile = 1.959964;  // of 1 - kErrorEachEnd

// P(X <= hits) of a binomial X of `trials`, each a hit with kShareAbove.
double probability_of_at_most(size_t hits, size_t trials) {
  const auto n = static_cast<double>(trials);
  double sum = 0;
  for (size_t k = 0; k <= std::min(hits, trials); ++k) {
    const auto i = static_cast<double>(k);
    sum += std::exp(std::lgamma(n + 1) - std::lgamma(i + 1) - std::lgamma(n - i + 1) +
                    i * std::log(kShareAbove) + (n - i) * std::log1p(-kShareAbove));
  }
  return sum;
}

// How many values one independent value stands for; at least 1.
double design_effect(std::span<const double> values) {
  const double level = percentile(values, 95);
  std::vector<double> above;
  above.reserve(values.size());
  for (const double value : values) above.push_back(value > level ? 1 : 0);
  const double share = mean(above);
  const std::optional<double> half_width = mean_interval_half_width(above);
  if (!half_width || share <= 0) return 1;
  const double standard_error = *half_width / kNormalQuantile;
  const double of_independent = share * (1 - share) / static_cast<double>(values.size());
  return std::max(1.0, standard_error * standard_error / of_independent);
}

}  // namespace

Interval p99_interval(std::span<const double> values) {
  std::vector<double> falling(values.begin(), values.end());
  std::sort(falling.begin(), falling.end(), std::greater<>());
  const double effect = design_effect(values);
  const auto independent =
      static_cast<size_t>(std::max(1.0, static_cast<double>(values.size()) / effect));

  size_t upper = 0;  // the percentile is above the upper-th largest with at most kErrorEachEnd
  while (probability_of_at_most(upper, independent) <= kErrorEachEnd) ++upper;
  size_t lower = 1;  // and below the lower-th largest
  while (1 - probability_of_at_most(lower - 1, independent) > kErrorEachEnd) ++lower;

  const auto value_at = [&](double rank) { return falling[static_cast<size_t>(rank) - 1]; };
  const double upper_rank = std::floor(static_cast<double>(upper) * effect);
  const double lower_rank = std::ceil(static_cast<double>(lower) * effect);
  return {lower_rank <= static_cast<double>(falling.size()) ? value_at(lower_rank) : 0,
          upper > 0 ? value_at(upper_rank) : std::numeric_limits<double>::infinity()};
}

}  // namespace dnnbench
