#include "core/mean_interval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "core/statistics.h"

namespace dnnbench {
namespace {

TEST(MeanInterval, OneValueHasNone) {
  EXPECT_FALSE(mean_interval_half_width(std::vector<double>{0.5}));
  EXPECT_FALSE(mean_interval_half_width(std::vector<double>{}));
}

TEST(MeanInterval, OfFewValuesIsStudents) {
  const std::vector<double> values = {1, 2, 3};  // mean 2, standard deviation 1
  EXPECT_NEAR(*mean_interval_half_width(values), 4.302653 / std::sqrt(3), 1e-12);
  EXPECT_EQ(*mean_interval_half_width(std::vector<double>{5, 5}), 0);
}

// The share of 1,000 runs whose interval holds the true mean, when each value resembles the last by
// `memory`.
double coverage(double memory, size_t count) {
  std::mt19937 random(1);
  std::normal_distribution<double> noise(0, 1);
  int held = 0;
  for (int run = 0; run < 1000; ++run) {
    std::vector<double> values(count);
    double state = noise(random) / std::sqrt(1 - memory * memory);
    for (double& value : values) value = 10 + (state = memory * state + noise(random));
    held += std::abs(mean(values) - 10) <= *mean_interval_half_width(values);
  }
  return held / 1000.0;
}

TEST(MeanInterval, HoldsTheTrueMean) {
  EXPECT_NEAR(coverage(0, 7), 0.95, 0.03);
  EXPECT_NEAR(coverage(0, 400), 0.95, 0.03);
  EXPECT_NEAR(coverage(0.8, 2000), 0.95, 0.03);  // single values would give about 0.5
}

}  // namespace
}  // namespace dnnbench
