#include "permutation.h"

#include <gtest/gtest.h>

namespace dnnbench::tf {
namespace {

TEST(Permutation, PutsChannelsLastFromRankThreeOn) {
  EXPECT_EQ(channels_last(2), Permutation{});
  EXPECT_EQ(channels_last(3), (Permutation{0, 2, 1}));
  EXPECT_EQ(channels_last(5), (Permutation{0, 2, 3, 4, 1}));
}

TEST(Permutation, TurnsShapesBothWays) {
  const Shape logical{1, 3, 224, 200};
  const Permutation last = channels_last(4);
  EXPECT_EQ(stored_shape(logical, last), (Shape{1, 224, 200, 3}));
  EXPECT_EQ(logical_shape(stored_shape(logical, last), last), logical);
  EXPECT_EQ(stored_axis(last, 1), 3);
  EXPECT_EQ(stored_axis({}, 1), 1);
}

TEST(Permutation, FindsTheTranspositionBetweenTwoOrders) {
  EXPECT_EQ(transposition({}, channels_last(4), 4), (std::vector<int>{0, 2, 3, 1}));
  EXPECT_EQ(transposition(channels_last(4), {}, 4), (std::vector<int>{0, 3, 1, 2}));
  EXPECT_EQ(transposition(channels_last(4), channels_last(4), 4), (std::vector<int>{0, 1, 2, 3}));
}

TEST(Permutation, KnowsWhenOnlySizesOfOneMove) {
  EXPECT_TRUE(moves_only_ones(channels_last(4), {}, {1, 1000, 1, 1}));
  EXPECT_FALSE(moves_only_ones(channels_last(4), {}, {1, 1000, 2, 1}));
}

// The channel shuffle of ShuffleNet: channels become groups, change places, become channels.
TEST(ReshapeOrder, KeepsChannelsLastThroughAShuffle) {
  const auto apart = reshape_order({1, 116, 28, 28}, {1, 2, 58, 28, 28}, channels_last(4));
  ASSERT_TRUE(apart);
  EXPECT_EQ(apart->source, channels_last(4));
  EXPECT_EQ(apart->result, (Permutation{0, 3, 4, 1, 2}));
  // After a transposition of the two the channels' parts are stored the other way round.
  const auto together =
      reshape_order({1, 58, 2, 28, 28}, {1, 116, 28, 28}, Permutation{0, 3, 4, 2, 1});
  ASSERT_TRUE(together);
  EXPECT_EQ(together->source, (Permutation{0, 3, 4, 1, 2}));
  EXPECT_EQ(together->result, channels_last(4));
}

TEST(ReshapeOrder, FallsBackToTheLogicalOrderWhereDimensionsMix) {
  const auto order = reshape_order({1, 4, 6, 5}, {1, 120}, channels_last(4));
  ASSERT_TRUE(order);
  EXPECT_EQ(order->source, Permutation{});
}

TEST(ReshapeOrder, NeedsKnownSizes) {
  EXPECT_FALSE(reshape_order({-1, 4}, {4, -1}, {}));
  EXPECT_FALSE(reshape_order({0, 4}, {4, 0}, {}));
}

}  // namespace
}  // namespace dnnbench::tf
