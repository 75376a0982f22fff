#include "core/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace dnnbench {
namespace {

std::vector<double> one_to(int n) {
  std::vector<double> values(static_cast<size_t>(n));
  std::iota(values.rbegin(), values.rend(), 1.0);  // descending: nothing may rely on the order
  return values;
}

TEST(Statistics, SummariesMatchValuesWorkedOutByHand) {
  const std::vector<double> values = {2, 4, 4, 4, 5, 5, 7, 9};
  EXPECT_EQ(min(values), 2);
  EXPECT_EQ(max(values), 9);
  EXPECT_EQ(mean(values), 5);
  EXPECT_EQ(population_std(values), 2);
  EXPECT_EQ(median(values), 4.5);
}

TEST(Statistics, OneValueIsItsOwnSummary) {
  const std::vector<double> value = {0.25};
  EXPECT_EQ(mean(value), 0.25);
  EXPECT_EQ(population_std(value), 0);
  EXPECT_EQ(median(value), 0.25);
  EXPECT_EQ(percentile(value, 99), 0.25);
}

TEST(Statistics, TheMedianOfAnOddCountIsTheMiddleValue) {
  EXPECT_EQ(median(std::vector<double>{9, 1, 5}), 5);
}

TEST(Statistics, PercentilesAreMeasuredValuesByNearestRank) {
  EXPECT_EQ(percentile(one_to(100), 90), 90);
  EXPECT_EQ(percentile(one_to(101), 90), 91);   // ceil(90.9)
  EXPECT_EQ(percentile(one_to(459), 99), 455);  // ceil(454.41)
  EXPECT_EQ(percentile(one_to(64), 90), 58);    // ceil(57.6)
  EXPECT_EQ(percentile(one_to(10), 100), 10);
  EXPECT_EQ(percentile(one_to(10), 1), 1);
  EXPECT_EQ(percentile(one_to(4), 50), 2.5);
}

TEST(Statistics, PercentilesNeedEnoughValues) {
  EXPECT_EQ(percentiles_supported(0), std::vector<int>{});
  EXPECT_EQ(percentiles_supported(1), std::vector<int>{50});
  EXPECT_EQ(percentiles_supported(63), std::vector<int>{50});
  EXPECT_EQ(percentiles_supported(64), (std::vector<int>{50, 90}));
  EXPECT_EQ(percentiles_supported(89), (std::vector<int>{50, 90}));
  EXPECT_EQ(percentiles_supported(90), (std::vector<int>{50, 90, 95}));
  EXPECT_EQ(percentiles_supported(458), (std::vector<int>{50, 90, 95}));
  EXPECT_EQ(percentiles_supported(459), (std::vector<int>{50, 90, 95, 99}));
}

// The chance that at most `above` of `count` values lie above the true percentile.
double chance_at_most(int above, int count, double share_above) {
  double chance = 0;
  double term = std::pow(1 - share_above, count);
  for (int k = 0; k <= above; ++k) {
    chance += term;
    term *= share_above / (1 - share_above) * (count - k) / (k + 1);
  }
  return chance;
}

TEST(Statistics, TheCountsAreTheFewestOfThatConfidence) {
  EXPECT_LE(chance_at_most(0, 459, 0.01), 0.01);
  EXPECT_GT(chance_at_most(0, 458, 0.01), 0.01);
  EXPECT_LE(chance_at_most(0, 90, 0.05), 0.01);
  EXPECT_GT(chance_at_most(0, 89, 0.05), 0.01);
  EXPECT_LE(chance_at_most(1, 64, 0.1), 0.01);
  EXPECT_GT(chance_at_most(1, 63, 0.1), 0.01);
}

}  // namespace
}  // namespace dnnbench
