#include "traffic/turn_plan.h"

#include <gtest/gtest.h>

#include "traffic/rate_figures.h"

namespace dnnbench {
namespace {

double seconds(const TrafficTurnPlan& plan, double rate_per_s) {
  return static_cast<double>(plan.turns * plan.lead_in + plan.kept) / rate_per_s;
}

TEST(TurnPlan, FitsInTheBudget) {
  for (const double busy : {0.01, 0.3, 0.8, 0.95, 0.99, 1.5}) {
    for (const double service_s : {1e-5, 1e-3, 0.05}) {
      const ExpectedTraffic expected{busy / service_s, service_s, 1};
      const TrafficTurnPlan plan = plan_turns(expected, 60, std::nullopt);
      EXPECT_LE(seconds(plan, expected.rate_per_s), 61) << busy << " " << service_s;
      EXPECT_GE(plan.kept_in(plan.turns - 1), 1U);
      EXPECT_LE(plan.kept, 30'000U);
    }
  }
}

TEST(TurnPlan, TurnsAreLongAgainstTheQueuesMemory) {
  const ExpectedTraffic expected{80, 0.01, 1};
  const TrafficTurnPlan plan = plan_turns(expected, 120, std::nullopt);
  const double relaxation = relaxation_s(80, 1e-4, 0.8, 1);
  EXPECT_GT(plan.turns, 1U);
  EXPECT_GE(static_cast<double>(plan.kept_in(0)) / 80, kMinRelaxations * relaxation);
  EXPECT_NEAR(static_cast<double>(plan.lead_in) / 80, 3 * relaxation, 0.02);
}

TEST(TurnPlan, EmptyQueuesNeedFewRequests) {
  const TrafficTurnPlan plan = plan_turns({100, 0.0001, 1}, 1000, std::nullopt);
  EXPECT_NEAR(static_cast<double>(plan.kept), 4000, 50);
}

TEST(TurnPlan, TooHighARateIsSeenSoon) {
  const TrafficTurnPlan plan = plan_turns({200, 0.01, 1}, 60, std::nullopt);
  EXPECT_EQ(plan.turns, 1U);
  EXPECT_EQ(plan.lead_in, 0U);
  EXPECT_LE(plan.kept, 400U);
}

TEST(TurnPlan, KeepsExactlyWhatWasAskedFor) {
  const TrafficTurnPlan plan = plan_turns({100, 0.001, 1}, 60, 200);
  EXPECT_EQ(plan.kept, 200U);
  size_t kept = 0;
  for (size_t turn = 0; turn < plan.turns; ++turn) kept += plan.kept_in(turn);
  EXPECT_EQ(kept, 200U);
  EXPECT_EQ(plan_turns({100, 0.001, 1}, 60, 1).turns, 1U);
  EXPECT_EQ(plan_turns({100, 0.0085, 1}, 60, 1000).turns, 1U);  // 10 s, and a memory of 0.6 s
}

TEST(TurnPlan, ABudgetForAP99HoldsIt) {
  for (const double busy : {0.1, 0.5, 0.8, 0.9}) {
    const ExpectedTraffic expected{busy / 0.04, 0.04, 1};
    const TrafficTurnPlan plan =
        plan_turns(expected, budget_for_p99_s(expected.rate_per_s), std::nullopt);
    EXPECT_GE(plan.kept, 459U) << busy;
  }
}

}  // namespace
}  // namespace dnnbench
