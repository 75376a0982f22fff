#include "measure/traffic_turn.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

TEST(TrafficTurn, JoinsWhatEachProcessServed) {
  const Schedule schedule{100, {1, 2, 3, 4, 5}, 10, ""};
  const ServedPart one{{0, 3}, {101, 104}, {102.5, 105}, {0, 0}, 0.5, 2.5, 0.25, 1};
  const ServedPart two{{1, 2}, {102, 103}, {102.7, 104.5}, {0, 0.01}, 0.25, 2.2, 0.5, 2};
  const TrafficTurn turn = join({one, two}, schedule, 2);
  EXPECT_EQ(turn.served, 4U);
  EXPECT_EQ(turn.unserved, 1U);
  EXPECT_EQ(turn.length_s, 3);
  EXPECT_DOUBLE_EQ(turn.cpu_s, 4.7);
  EXPECT_DOUBLE_EQ(turn.spun_s, 0.75);
  EXPECT_DOUBLE_EQ(*turn.noise.waited_s, 0.75);
  EXPECT_EQ(turn.noise.involuntary_switches, 3);
  ASSERT_EQ(turn.requests.size(), 2U);
  EXPECT_EQ(turn.requests[0].intended_s, 103);
  EXPECT_EQ(turn.requests[0].end_s, 104.5);
  EXPECT_EQ(turn.requests[0].late_s, 0.01);
  EXPECT_EQ(turn.requests[1].wait_s(), 0);
}

}  // namespace
}  // namespace dnnbench
