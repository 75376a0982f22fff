#include "rank/steady.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace dnnbench {
namespace {

std::vector<double> noisy(size_t count, double sigma, double slow_start) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal(1, sigma);
  std::vector<double> values;
  for (size_t i = 0; i < count; ++i) {
    values.push_back(normal(random) + slow_start * std::exp(-static_cast<double>(i) / 10));
  }
  return values;
}

TEST(IsSteady, NeedsAFewValues) {
  EXPECT_FALSE(is_steady({}));
  EXPECT_FALSE(is_steady(std::vector<double>(kMinForSteady - 1, 1.0)));
  EXPECT_TRUE(is_steady(std::vector<double>(kMinForSteady, 1.0)));
}

TEST(IsSteady, SeesASlowStartUntilItIsOver) {
  EXPECT_FALSE(is_steady(noisy(12, 0.001, 1)));
  EXPECT_FALSE(is_steady(noisy(30, 0.001, 1)));
  EXPECT_TRUE(is_steady(noisy(100, 0.001, 1)));
}

TEST(IsSteady, IsNotMisledByNoiseOrAnOutlier) {
  for (const double sigma : {0.0, 0.01, 0.1}) EXPECT_TRUE(is_steady(noisy(60, sigma, 0)));
  std::vector<double> values = noisy(60, 0.01, 0);
  values[40] = 50;
  EXPECT_TRUE(is_steady(values));
}

TEST(IsSteady, TimesThatGrowAreNoWarmingUp) {
  std::vector<double> values;
  for (int i = 0; i < 40; ++i) values.push_back(1 + 0.01 * i);
  EXPECT_TRUE(is_steady(values));
}

}  // namespace
}  // namespace dnnbench
