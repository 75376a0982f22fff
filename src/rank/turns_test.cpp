#include "rank/turns.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace dnnbench {
namespace {

TEST(BalancedOrders, OfTwoIsThereAndBack) {
  EXPECT_EQ(balanced_orders(1), (std::vector<std::vector<size_t>>{{0}}));
  EXPECT_EQ(balanced_orders(2), (std::vector<std::vector<size_t>>{{0, 1}, {1, 0}}));
}

TEST(BalancedOrders, EveryOneStandsEverywhereAndFollowsEveryOtherEquallyOften) {
  for (size_t count = 1; count <= 9; ++count) {
    const auto orders = balanced_orders(count);
    std::map<std::pair<size_t, size_t>, int> at_place, after;
    for (const auto& order : orders) {
      EXPECT_EQ(std::set<size_t>(order.begin(), order.end()).size(), count);
      for (size_t place = 0; place < count; ++place) ++at_place[{order[place], place}];
      for (size_t place = 1; place < count; ++place) ++after[{order[place - 1], order[place]}];
    }
    EXPECT_EQ(at_place.size(), count * count) << count;
    EXPECT_EQ(after.size(), count * (count - 1)) << count;
    for (const auto& [pair, times] : at_place) EXPECT_EQ(times, at_place.begin()->second);
    for (const auto& [pair, times] : after) EXPECT_EQ(times, after.begin()->second) << count;
  }
}

}  // namespace
}  // namespace dnnbench
