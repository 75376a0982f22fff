#include "rank/median_interval.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace dnnbench {
namespace {

constexpr double kPrior = 0.5;

double log_beta(double a, double b) { return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b); }

// How many of the lowest values, and of the highest, lie outside the interval.
size_t values_cut(size_t count, double alpha) {
  size_t cut = 0;
  while (2 * cut < count && log_evidence(cut, count) >= -std::log(alpha)) ++cut;
  return cut;
}

}  // namespace

double log_evidence(size_t below, size_t count) {
  assert(below <= count);
  const auto s = static_cast<double>(below), n = static_cast<double>(count);
  return n * std::numbers::ln2 + log_beta(s + kPrior, n - s + kPrior) - log_beta(kPrior, kPrior);
}

Interval median_interval(std::span<const double> values, double alpha) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const size_t cut = values_cut(values.size(), alpha);
  if (cut == 0) return {-kInfinity, kInfinity};
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return {sorted[cut - 1], sorted[sorted.size() - cut]};
}

size_t min_values(double alpha) {
  size_t count = 1;
  while (values_cut(count, alpha) == 0) ++count;
  return count;
}

}  // namespace dnnbench
