#include "measure/standing.h"

#include <gtest/gtest.h>

#include <limits>

namespace dnnbench {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

TEST(Standing, NamesTheTwoFastestAndTheRatioOfCommonBlocks) {
  EXPECT_EQ(standing({"a", "b", "c"}, {{2, 2, 4}, {1, 1, 2}, {9, 9, 9}}, 0),
            "b 2.00x ahead of a, 3 blocks");
  // Only b has the slow block: by the common ones b is faster.
  EXPECT_EQ(standing({"a", "b"}, {{1.2, kNone, kNone}, {1, 9, 9}}, 0),
            "b 1.20x ahead of a, 3 blocks");
}

TEST(Standing, SaysSoWhereThereIsNoDifferenceYet) {
  EXPECT_EQ(standing({"a", "b"}, {{1}, {1.004}}, 0), "a and b equal so far, 1 block");
}

TEST(Standing, OfOneEngineIsItsTime) {
  EXPECT_EQ(standing({"a"}, {{0.0016, 0.0018}}, 1), "a 1.70 ms, 2 blocks, 1 disturbed");
}

TEST(Standing, WithoutATimeCountsOnly) {
  EXPECT_EQ(standing({"a", "b"}, {{kNone}, {kNone}}, 1), "1 block, all disturbed");
}

}  // namespace
}  // namespace dnnbench
