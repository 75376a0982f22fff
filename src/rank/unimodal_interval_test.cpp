#include "rank/unimodal_interval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <vector>

namespace dnnbench {
namespace {

TEST(UnimodalInterval, KnowsNothingOfFewValues) {
  EXPECT_TRUE(std::isinf(unimodal_interval({}, 0.01).low));
  EXPECT_TRUE(std::isinf(unimodal_interval(std::vector<double>{1.0}, 0.01).high));
  EXPECT_TRUE(std::isinf(unimodal_interval(std::vector<double>{1.0, 1.0}, 0.01).low));
}

TEST(UnimodalInterval, FewValuesThatLieTogetherRefuteWhatIsFar) {
  const std::vector<double> values{0.69, 0.70, 0.68, 0.69};
  const Interval interval = unimodal_interval(values, 0.01);
  EXPECT_GT(interval.low, 0.1);
  EXPECT_LT(interval.high, 1.3);
  EXPECT_TRUE(interval.holds(0.69));
  EXPECT_TRUE(median_interval(values, 0.01).holds(0));  // which signs can't
}

TEST(UnimodalInterval, IsTheSameFromBothSides) {
  const std::vector<double> values{0.2, 0.25, 0.3, 0.22, 0.27},
      negative{-0.2, -0.25, -0.3, -0.22, -0.27};
  const Interval interval = unimodal_interval(values, 0.01);
  const Interval mirrored = unimodal_interval(negative, 0.01);
  EXPECT_DOUBLE_EQ(interval.low, -mirrored.high);
  EXPECT_DOUBLE_EQ(interval.high, -mirrored.low);
}

TEST(UnimodalInterval, AnOutlierMakesItWiderAndDoesNotMoveIt) {
  std::vector<double> values(12, 0.7);
  const Interval before = unimodal_interval(values, 0.01);
  values[4] = -2;
  const Interval after = unimodal_interval(values, 0.01);
  EXPECT_LE(after.low, before.low);
  EXPECT_GT(after.low, 0.5);
  EXPECT_TRUE(after.holds(0.7));
}

// Looked at after each of 30 values, 200 times over, of distributions that it allows: outside at
// any time at most as often as promised. Seeded, so the counts are always the same.
TEST(UnimodalInterval, HoldsHoweverOftenItIsLookedAt) {
  using Random = std::mt19937_64;
  const std::vector<std::function<double(Random&)>> draws{
      [](Random& random) { return std::normal_distribution<double>(0, 0.02)(random); },
      [](Random& random) { return 0.01 * std::student_t_distribution<double>(2)(random); },
      [](Random& random) { return std::uniform_real_distribution<double>(-0.5, 0.5)(random); }};
  for (const auto& draw : draws) {
    Random random(1);
    int missed = 0;
    for (int trial = 0; trial < 200; ++trial) {
      std::vector<double> values;
      bool holds = true;
      while (values.size() < 30 && holds) {
        values.push_back(draw(random));
        holds = unimodal_interval(values, 0.05).holds(0);
      }
      missed += holds ? 0 : 1;
    }
    EXPECT_LE(missed, 10);
  }
}

}  // namespace
}  // namespace dnnbench
