#include "rank/unimodal_interval.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace dnnbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Half the widths of the windows. The last one is the bet on the sign.
constexpr std::array<double, 4> kHalfWidths{0.02, 0.05, 0.12, kInfinity};
constexpr double kStake = 0.9;  // share of the capital in each bet: one outlier costs the rest

// A value, and the median of those before it.
struct Draw {
  double value = 0;
  double expected = 0;
};

std::vector<Draw> draws_of(std::span<const double> values, double sign) {
  std::vector<Draw> draws;
  std::vector<double> sorted;
  for (const double value : values) {
    const double now = sign * value;
    const size_t count = sorted.size();
    // Before the first value nothing is expected, and only signs are bet on.
    double expected = kInfinity;
    if (count > 0) expected = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
    draws.push_back({now, expected});
    sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), now), now);
  }
  return draws;
}

// What a stake of 1 pays, if the centre is at most m.
double payment(const Draw& draw, double half_width, double m) {
  if (draw.value < m) return 0;
  if (std::isinf(half_width) || std::isinf(draw.expected)) return 2;
  const double low = draw.expected - half_width, high = draw.expected + half_width;
  if (draw.value < low || draw.value > high) return 0;
  return m < low ? 2 * (high - m) / (high - low) : 2;
}

// The logarithm of the gambler's capital who bets that the centre is above m. Falls as m rises.
double log_capital(const std::vector<Draw>& draws, double m) {
  std::array<double, kHalfWidths.size()> logs{};
  for (size_t i = 0; i < kHalfWidths.size(); ++i) {
    for (const Draw& draw : draws) {
      logs[i] += std::log(1 - kStake + kStake * payment(draw, kHalfWidths[i], m));
    }
  }
  const double largest = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double one : logs) sum += std::exp(one - largest) / kHalfWidths.size();
  return largest + std::log(sum);
}

// The greatest m that is refuted, by halving.
double lower_end(const std::vector<Draw>& draws, double needed) {
  if (draws.empty()) return -kInfinity;
  const auto [min, max] = std::minmax_element(
      draws.begin(), draws.end(), [](const Draw& a, const Draw& b) { return a.value < b.value; });
  constexpr double kFarthest = 3;  // e^3: nobody asks about a factor of 20
  double refuted = min->value - kFarthest, open = max->value;
  if (log_capital(draws, refuted) < needed) return -kInfinity;
  for (int step = 0; step < 24; ++step) {
    const double middle = (refuted + open) / 2;
    (log_capital(draws, middle) >= needed ? refuted : open) = middle;
  }
  return refuted;
}

}  // namespace

Interval unimodal_interval(std::span<const double> values, double alpha) {
  const double needed = std::log(2 / alpha);
  return {lower_end(draws_of(values, 1), needed), -lower_end(draws_of(values, -1), needed)};
}

}  // namespace dnnbench
