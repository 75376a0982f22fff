#include "rank/median_interval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace dnnbench {
namespace {

TEST(LogEvidence, IsWhatTheFormulaSays) {
  // 2^n C(2n, n) / 4^n when all lie on one side.
  EXPECT_NEAR(std::exp(log_evidence(0, 1)), 1.0, 1e-9);
  EXPECT_NEAR(std::exp(log_evidence(0, 2)), 1.5, 1e-9);
  EXPECT_NEAR(std::exp(log_evidence(10, 10)), 184756.0 / 1024, 1e-6);
  EXPECT_NEAR(log_evidence(3, 10), log_evidence(7, 10), 1e-9);
  EXPECT_LT(log_evidence(5, 10), 0);
}

// A fair game: what the gambler has now is what he expects to have after the next value.
TEST(LogEvidence, IsAMartingale) {
  for (size_t n = 1; n < 40; ++n) {
    for (size_t s = 0; s <= n; ++s) {
      const double next =
          (std::exp(log_evidence(s, n + 1)) + std::exp(log_evidence(s + 1, n + 1))) / 2;
      EXPECT_NEAR(next / std::exp(log_evidence(s, n)), 1, 1e-9);
    }
  }
}

TEST(MedianInterval, NeedsEnoughValues) {
  EXPECT_EQ(min_values(0.01), 10U);
  EXPECT_EQ(min_values(0.001), 13U);
  const std::vector<double> nine{1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_TRUE(std::isinf(median_interval(nine, 0.01).low));
  EXPECT_TRUE(std::isinf(median_interval(nine, 0.01).high));
  EXPECT_TRUE(std::isinf(median_interval({}, 0.01).high));
}

TEST(MedianInterval, EndsAtMeasuredValues) {
  const std::vector<double> ten{3, 1, 2, 10, 9, 4, 8, 7, 5, 6};
  const Interval interval = median_interval(ten, 0.01);
  EXPECT_EQ(interval.low, 1);
  EXPECT_EQ(interval.high, 10);
}

TEST(MedianInterval, NarrowsWithValuesAndConfidence) {
  std::vector<double> values;
  for (int i = 0; i < 1001; ++i) values.push_back((i * 7919) % 1001);
  const Interval sure = median_interval(values, 0.001), less_sure = median_interval(values, 0.1);
  EXPECT_TRUE(sure.holds(500));
  EXPECT_LT(sure.low, less_sure.low);
  EXPECT_GT(sure.high, less_sure.high);
  EXPECT_LT(sure.high - sure.low, 200);
}

TEST(MedianInterval, IsNotMovedByOutliers) {
  std::vector<double> values(30, 1.0);
  values[3] = 1e9;
  values[7] = -1e9;
  EXPECT_EQ(median_interval(values, 0.01).low, 1.0);
  EXPECT_EQ(median_interval(values, 0.01).high, 1.0);
}

// Looked at after each of 300 values, 2,000 times over: outside at any time at most as often as
// promised. Seeded, so the count is always the same.
TEST(MedianInterval, HoldsHoweverOftenItIsLookedAt) {
  constexpr int kTrials = 2000;
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  int missed = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    size_t below = 0;
    bool outside = false;
    for (size_t count = 1; count <= 300 && !outside; ++count) {
      below += normal(random) < 0 ? 1 : 0;
      outside = log_evidence(below, count) >= -std::log(0.05);
    }
    missed += outside ? 1 : 0;
  }
  EXPECT_LE(missed, kTrials * 0.05);
  EXPECT_GT(missed, kTrials * 0.005);  // and is not wide for nothing
}

}  // namespace
}  // namespace dnnbench
