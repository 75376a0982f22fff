#include "traffic/p99_interval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/random_numbers.h"

namespace dnnbench {
namespace {

std::vector<double> uniform(size_t count, uint32_t stream) {
  RandomNumbers random(1, stream);
  std::vector<double> values;
  for (size_t i = 0; i < count; ++i) values.push_back(random.uniform(0, 1));
  return values;
}

TEST(P99Interval, HoldsTheTruthOfIndependentValues) {
  int held = 0;
  for (uint32_t trial = 0; trial < 400; ++trial) {
    const Interval interval = p99_interval(uniform(2000, trial));
    EXPECT_LT(interval.low, interval.high);
    held += interval.low <= 0.99 && 0.99 <= interval.high ? 1 : 0;
  }
  EXPECT_GE(held, 370);  // of 400; 0.95 and three standard deviations less
}

TEST(P99Interval, KnowsNoUpperEndOfFewValues) {
  const std::vector<double> few = uniform(300, 1);  // 0.99^300 > 0.025, and 368 are the least
  EXPECT_TRUE(std::isinf(p99_interval(few).high));
  EXPECT_GT(p99_interval(few).low, 0.9);
  EXPECT_TRUE(std::isinf(p99_interval(std::vector<double>{1.0}).high));
}

TEST(P99Interval, IsWiderWhereValuesComeInCrowds) {
  const std::vector<double> alone = uniform(10'000, 1);
  std::vector<double> crowds;
  for (size_t i = 0; i < alone.size(); ++i) crowds.push_back(alone[i / 20]);
  const Interval narrow = p99_interval(alone), wide = p99_interval(crowds);
  EXPECT_LT(wide.low, narrow.low);
  EXPECT_GT(wide.high, narrow.high);
}

TEST(P99Interval, OfEqualValuesIsThatValue) {
  const Interval interval = p99_interval(std::vector<double>(1000, 0.5));
  EXPECT_EQ(interval.low, 0.5);
  EXPECT_EQ(interval.high, 0.5);
}

}  // namespace
}  // namespace dnnbench
