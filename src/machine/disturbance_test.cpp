#include "machine/disturbance.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

TEST(Disturbance, NamesWhatElseTheMachineDid) {
  Noise turn;
  turn.window_s = 0.2;
  EXPECT_EQ(disturbance(turn), "");
  turn.others_s = 0.18;
  EXPECT_EQ(disturbance(turn), "");  // on other cores
  turn.waited_s = 0.01;
  EXPECT_EQ(disturbance(turn), "other programs used 0.90 cores");
  turn.others_s = 0;
  turn.stolen_s = 0.1;
  EXPECT_EQ(disturbance(turn), "the hypervisor took 0.50 cores away");
  turn.others_s = 0.3;
  EXPECT_EQ(disturbance(turn), "other programs used 1.50 cores");  // which is more
  turn.others_s = 0;
  turn.stolen_s = 0.01;
  EXPECT_EQ(disturbance(turn), "");
  turn.throttled = 1;
  EXPECT_EQ(disturbance(turn), "a core was slowed down for heat");
}

TEST(Disturbance, AnEngineThatWaitsForItsOwnThreadsIsNotDisturbed) {
  Noise turn;
  turn.window_s = 0.2;
  turn.waited_s = 0.1;
  EXPECT_EQ(disturbance(turn), "");
  turn.others_s = 0.04;
  EXPECT_NE(disturbance(turn), "");
  turn.window_s = 0.15;
  turn.waited_s = 0.15;
  turn.others_s = 0.02;  // a tick on each of two cores: no more than the counter's own error
  EXPECT_EQ(disturbance(turn), "");
}

// The quota stops the engine while it is ready, beside other programs of a large machine.
TEST(Disturbance, WaitingForTheOwnQuotaIsNotWaitingForOthers) {
  Noise turn;
  turn.window_s = 1;
  turn.waited_s = 0.5;
  turn.others_s = 5;
  EXPECT_NE(disturbance(turn), "");
  turn.quota_s = 0.5;
  EXPECT_EQ(disturbance(turn), "");
  turn.waited_s = 0.6;
  EXPECT_EQ(disturbance(turn), "other programs used 5.00 cores");
}

TEST(Disturbance, ThatAQuotaStoppedTheEnginesIsSaid) {
  Noise turns;
  turns.window_s = 2;
  EXPECT_EQ(stopped_by_quota(turns, 0.5), "");
  turns.quota_s = 0.02;
  EXPECT_EQ(stopped_by_quota(turns, 0.5), "");
  turns.quota_s = 0.96;
  EXPECT_EQ(
      stopped_by_quota(turns, 0.5),
      "The control group's quota of 0.5 CPUs stopped the engines: it took 0.48 cores away, on "
      "average, which a median doesn't show. Give the group a CPU for each thread, or use "
      "--mode=load.");
}

TEST(Disturbance, WhereOthersAreUnknownTheyAreBlamedForNothing) {
  Noise turn;
  turn.window_s = 0.05;
  turn.waited_s = 0.04;
  turn.others_s = turn.stolen_s = std::nullopt;
  EXPECT_FALSE(is_too_short_to_judge(turn));
  turn.window_s = 0.2;
  EXPECT_EQ(disturbance(turn), "");
}

TEST(Disturbance, WhereNobodyReportsWhoWaitedOthersDecide) {
  Noise turn;
  turn.waited_s.reset();
  turn.window_s = 0.2;
  EXPECT_EQ(disturbance(turn), "");
  turn.others_s = 0.16;
  EXPECT_EQ(disturbance(turn), "other programs used 0.80 cores");
  turn.window_s = 0.01;
  EXPECT_EQ(disturbance(turn), "");
}

TEST(Disturbance, AShortTurnIsNotJudgedByTicks) {
  Noise turn;
  turn.window_s = 0.01;
  turn.others_s = 0.03;
  turn.stolen_s = 0.01;
  EXPECT_EQ(disturbance(turn), "");
  EXPECT_FALSE(is_too_short_to_judge(turn));
  turn.waited_s = 0.001;
  EXPECT_EQ(disturbance(turn), "");
  EXPECT_TRUE(is_too_short_to_judge(turn));
  turn.waited_s.reset();
  EXPECT_TRUE(is_too_short_to_judge(turn));
  turn.window_s = kMinWindow_s;
  EXPECT_FALSE(is_too_short_to_judge(turn));
}

TEST(Disturbance, HalfIsNotMost) {
  EXPECT_FALSE(is_mostly_disturbed(0, 0));
  EXPECT_FALSE(is_mostly_disturbed(1, 2));
  EXPECT_TRUE(is_mostly_disturbed(2, 3));
}

TEST(Noise, SumsTurns) {
  Noise total;
  add(total, {0.2, 0.01, 0.02, 0.03, 0.05, 0.04, 5, 6, 2000, 2000});
  add(total, {0.3, 0.01, 0.02, 0.03, 0.05, 0.04, 5, 6, 1500, 1500});
  EXPECT_DOUBLE_EQ(total.window_s, 0.5);
  EXPECT_DOUBLE_EQ(*total.waited_s, 0.02);
  EXPECT_DOUBLE_EQ(share_of(*total.others_s, total), 0.08);
  EXPECT_DOUBLE_EQ(*total.stolen_s, 0.06);
  EXPECT_DOUBLE_EQ(*total.quota_s, 0.1);
  EXPECT_DOUBLE_EQ(*total.pressure_s, 0.08);
  EXPECT_EQ(total.involuntary_switches, 10);
  EXPECT_EQ(total.throttled, 12);
  EXPECT_EQ(total.lowest_mhz, 1500);
  EXPECT_EQ(total.highest_mhz, 2000);
  Noise unknown;
  unknown.waited_s = unknown.others_s = unknown.stolen_s = std::nullopt;
  add(total, unknown);
  add(total, {0.2, 0.01});
  EXPECT_FALSE(total.waited_s);
  EXPECT_FALSE(total.others_s);
  EXPECT_FALSE(total.stolen_s);
  EXPECT_DOUBLE_EQ(*total.quota_s, 0.1);
}

}  // namespace
}  // namespace dnnbench
