#include "traffic/arrivals.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/statistics.h"

namespace dnnbench {
namespace {

std::vector<double> gaps(const std::vector<double>& arrivals) {
  std::vector<double> found{arrivals.front()};
  for (size_t i = 1; i < arrivals.size(); ++i) found.push_back(arrivals[i] - arrivals[i - 1]);
  return found;
}

TEST(PoissonArrivals, TheGapsAreExponential) {
  constexpr size_t kCount = 100'000;
  const std::vector<double> found = gaps(poisson_arrivals_s(50, kCount, 7, 0));
  EXPECT_NEAR(mean(found), 0.02, 0.02 * 4 / std::sqrt(kCount));
  EXPECT_NEAR(population_std(found), 0.02, 0.001);
  size_t long_ones = 0;
  for (const double gap : found) long_ones += gap > 0.04 ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(long_ones) / kCount, std::exp(-2), 0.005);
}

TEST(PoissonArrivals, GapsDoNotDependOnEachOther) {
  const std::vector<double> found = gaps(poisson_arrivals_s(1, 100'000, 7, 1));
  double together = 0;
  for (size_t i = 1; i < found.size(); ++i) together += (found[i] - 1) * (found[i - 1] - 1);
  EXPECT_NEAR(together / 100'000, 0, 0.02);
}

TEST(PoissonArrivals, AreTheSeedsOwn) {
  const auto first = poisson_arrivals_s(10, 100, 3, 0);
  EXPECT_EQ(first, poisson_arrivals_s(10, 100, 3, 0));
  EXPECT_NE(first, poisson_arrivals_s(10, 100, 4, 0));
  EXPECT_NE(first, poisson_arrivals_s(10, 100, 3, 1));
}

TEST(PoissonArrivals, AnotherRateHasTheSameGapsInAnotherUnit) {
  const auto slow = poisson_arrivals_s(10, 100, 3, 0);
  const auto fast = poisson_arrivals_s(40, 100, 3, 0);
  for (size_t i = 0; i < slow.size(); ++i) EXPECT_DOUBLE_EQ(slow[i], 4 * fast[i]);
}

}  // namespace
}  // namespace dnnbench
