#include "md1.h"

#include <algorithm>
#include <cmath>

namespace dnnbench {
namespace {

constexpr size_t kMaxInSystem = 400;  // beyond 80 % use, far less probable than 1e-12

double poisson(double mean, size_t count) {
  const auto k = static_cast<double>(count);
  return std::exp(k * std::log(mean) - mean - std::lgamma(k + 1));
}

// P(a Poisson variable > count), for count from 0 on.
std::vector<double> poisson_tails(double mean) {
  std::vector<double> tails(kMaxInSystem + 2, 0);
  double sum = 0;
  for (size_t k = tails.size(); k-- > 0;) {
    tails[k] = sum;
    sum += poisson(mean, k);
  }
  return tails;
}

}  // namespace

// The number in the system as departures leave it. What goes up past a level comes down past it:
// p[n+1] P(no arrival) = p[0] P(more than n) + sum over i = 1..n of p[i] P(more than n + 1 - i).
DeterministicQueue::DeterministicQueue(double busy) : busy_(busy) {
  const std::vector<double> more_than = poisson_tails(busy);
  std::vector<double> p{1 - busy};
  for (size_t n = 0; n < kMaxInSystem; ++n) {
    double up = p[0] * more_than[n];
    for (size_t i = 1; i <= n; ++i) up += p[i] * more_than[n + 1 - i];
    p.push_back(up / std::exp(-busy));
  }
  double sum = 0;
  for (const double probability : p) at_most_.push_back(std::min(1.0, sum += probability));
}

// Within k services of a moment less than one service before the arrival, k customers are done.
double DeterministicQueue::wait_at_most(double time) const {
  const auto k = static_cast<size_t>(std::floor(time)) + 1;
  const double gap = busy_ * (static_cast<double>(k) - time);
  double probability = 0;
  for (size_t j = 0; j < k; ++j) {
    const size_t in_system = std::min(k - j, at_most_.size() - 1);  // one of them in service
    probability += at_most_[in_system] * poisson(gap, j);
  }
  return probability;
}

double DeterministicQueue::wait_quantile(double share) const {
  double low = 0, high = 1;
  if (wait_at_most(0) >= share) return 0;
  while (wait_at_most(high) < share) high *= 2;
  for (int step = 0; step < 100; ++step) {
    const double middle = (low + high) / 2;
    (wait_at_most(middle) < share ? low : high) = middle;
  }
  return high;
}

}  // namespace dnnbench
