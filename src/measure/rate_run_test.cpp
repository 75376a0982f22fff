#include "measure/rate_run.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

constexpr double kRate_per_s = 100;
constexpr double kService_s = 0.001;
constexpr double kBudget_s = 60;

// Five requests, each served as soon as it arrives.
TrafficTurn turn(double begin_s, double lasts_s = 4) {
  TrafficTurn turn;
  for (int i = 0; i < 5; ++i) {
    const double at_s = begin_s + i / kRate_per_s;
    turn.requests.push_back({at_s, at_s, at_s + kService_s, 0});
  }
  turn.length_s = turn.noise.window_s = lasts_s;
  turn.served = 5;
  return turn;
}

TrafficTurn disturbed(TrafficTurn turn) {
  turn.disturbance = "other programs used 0.80 cores";
  return turn;
}

RateRun run(std::optional<int64_t> repeat = std::nullopt) {
  return {{kRate_per_s, kService_s, 1}, kBudget_s, repeat};
}

TEST(RateRun, EndsWithTheTurnsPlanned) {
  RateRun rate = run();
  ASSERT_GT(rate.turns(), 2U);
  for (size_t number = 1; number <= rate.turns(); ++number) {
    EXPECT_FALSE(rate.is_over());
    EXPECT_EQ(rate.turn(), number);
    rate.add(turn(10.0 * static_cast<double>(number)));
  }
  EXPECT_TRUE(rate.is_over());
  EXPECT_EQ(rate.kept().size(), rate.turns());
  EXPECT_EQ(rate.figures().requests, 5 * rate.turns());
  EXPECT_EQ(rate.figures().verdict, RateVerdict::kCarried);
}

TEST(RateRun, ADisturbedTurnIsMeasuredAgainWithOtherArrivals) {
  RateRun rate = run();
  const TrafficTurnRequest first = rate.next(0);
  rate.add(disturbed(turn(10)));
  EXPECT_EQ(rate.turn(), 1U);
  EXPECT_EQ(rate.next(0).arrival_s.size(), first.arrival_s.size());
  EXPECT_NE(rate.next(0).arrival_s, first.arrival_s);
  rate.add(turn(20));
  EXPECT_EQ(rate.turn(), 2U);
  ASSERT_EQ(rate.kept().size(), 1U);
  EXPECT_EQ(rate.kept()[0].requests[0].intended_s, 20);
}

TEST(RateRun, WhereMostWereDisturbedAllAreKeptInTheirOrder) {
  RateRun rate = run();
  rate.add(disturbed(turn(10)));
  rate.add(turn(20));
  EXPECT_FALSE(rate.is_disturbed());  // half is not most
  rate.add(disturbed(turn(30)));
  EXPECT_TRUE(rate.is_disturbed());
  ASSERT_EQ(rate.kept().size(), 3U);
  EXPECT_EQ(rate.kept()[1].requests[0].intended_s, 20);
  for (size_t i = 0; !rate.is_over(); ++i) {
    ASSERT_LE(i, rate.turns());
    rate.add(disturbed(turn(40, 0.01)));
  }
}

TEST(RateRun, EndsWithItsBudgetUnlessRequestsAreCounted) {
  RateRun rate = run();
  rate.add(disturbed(turn(10, kBudget_s)));
  EXPECT_TRUE(rate.is_over());
  RateRun counted = run(2000);
  ASSERT_GT(counted.turns(), 1U);
  counted.add(turn(10, kBudget_s));
  EXPECT_FALSE(counted.is_over());
}

TEST(RateRun, OneUndisturbedTurnIsEnoughWhereTheQueueGrows) {
  TrafficTurn overloaded = turn(10);
  overloaded.unserved = 7;
  RateRun rate = run();
  rate.add(disturbed(overloaded));  // the other programs' fault, perhaps
  EXPECT_FALSE(rate.is_over());
  rate.add(overloaded);
  EXPECT_TRUE(rate.is_over());
  EXPECT_EQ(rate.figures().verdict, RateVerdict::kOverloaded);
}

TEST(RateRun, TheShortestTurnCounts) {
  RateRun rate({90, 0.01, 1}, kBudget_s, std::nullopt);  // busy for 90 % of the time
  TrafficTurn full = turn(10);
  for (ServedRequest& request : full.requests) request.end_s = request.begin_s + 0.01;
  TrafficTurn brief = full;
  brief.length_s = 0.1;
  full.length_s = 1000;
  rate.add(full);
  EXPECT_EQ(rate.figures().verdict, RateVerdict::kCarried);
  rate.add(brief);
  EXPECT_EQ(rate.figures().verdict, RateVerdict::kUnsteady);
}

}  // namespace
}  // namespace dnnbench
