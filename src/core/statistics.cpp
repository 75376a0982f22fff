#include "core/statistics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace dnnbench {
namespace {

std::vector<double> sorted(std::span<const double> values) {
  std::vector<double> result(values.begin(), values.end());
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace

double min(std::span<const double> values) {
  assert(!values.empty());
  return *std::min_element(values.begin(), values.end());
}

double max(std::span<const double> values) {
  assert(!values.empty());
  return *std::max_element(values.begin(), values.end());
}

double mean(std::span<const double> values) {
  assert(!values.empty());
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double population_std(std::span<const double> values) {
  const double centre = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - centre) * (value - centre);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

double median(std::span<const double> values) {
  assert(!values.empty());
  const std::vector<double> ordered = sorted(values);
  const size_t upper = ordered.size() / 2;
  if (ordered.size() % 2 != 0) return ordered[upper];
  return (ordered[upper - 1] + ordered[upper]) / 2;
}

double percentile(std::span<const double> values, int percent) {
  assert(!values.empty() && percent >= 1 && percent <= 100);
  if (percent == 50) return median(values);
  const size_t rank = (static_cast<size_t>(percent) * values.size() + 99) / 100;
  return sorted(values)[rank - 1];
}

std::vector<int> percentiles_supported(size_t count) {
  std::vector<int> percentiles;
  if (count >= 1) percentiles.push_back(50);
  if (count >= 64) percentiles.push_back(90);
  if (count >= 90) percentiles.push_back(95);
  if (count >= kMinSamplesForP99) percentiles.push_back(99);
  return percentiles;
}

}  // namespace dnnbench
