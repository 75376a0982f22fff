#include "traffic/rate_search.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

constexpr double kMax_per_s = 100;

// What would be measured at a rate by an engine whose p99 is 1 / (100 - rate), within a tenth.
RateFigures measured(double rate_per_s) {
  RateFigures figures;
  figures.rate_per_s = rate_per_s;
  figures.p99_s = 1 / (kMax_per_s - rate_per_s);
  figures.p99_interval_s = {0.9 * *figures.p99_s, 1.1 * *figures.p99_s};
  return figures;
}

RateSearch searched(double slo_p99_s, double guess_per_s) {
  RateSearch search(slo_p99_s, kMax_per_s, guess_per_s);
  while (const auto rate = search.next_per_s()) {
    search.add(measured(*rate));
    if (search.tried().size() > 30) break;
  }
  return search;
}

TEST(RateSearch, FindsTheRateWithinItsResolution) {
  for (const double truth : {5.0, 20.0, 50.0, 80.0, 92.0}) {
    for (const double guess : {3.0, truth, 95.0}) {
      const RateSearch search = searched(1 / (kMax_per_s - truth), guess);
      const HighestRate answer = search.answer();
      ASSERT_TRUE(answer.best);
      const double best = search.tried()[*answer.best].rate_per_s;
      EXPECT_LE(best, truth * (1 + 1e-9));
      EXPECT_GE(best, truth / 1.051);
      EXPECT_LE(search.tried().size(), 20U);
    }
  }
}

TEST(RateSearch, AGoodGuessTakesFewTries) { EXPECT_LE(searched(0.02, 49).tried().size(), 6U); }

TEST(RateSearch, EndsWhereNoRateMeetsTheTarget) {
  const RateSearch search = searched(0.005, 60);
  EXPECT_FALSE(search.answer().best);
  EXPECT_LE(search.tried().size(), 20U);
  EXPECT_GT(*search.answer().below_per_s, 0);
}

TEST(RateSearch, WhatIsSureIsWhatTheWholeIntervalsSay) {
  RateSearch search(0.02, kMax_per_s, 50);
  search.add(measured(40));  // 0.0167, at most 0.0183
  search.add(measured(48));  // 0.0192, at most 0.0212
  search.add(measured(52));  // 0.0208, at least 0.0188
  search.add(measured(60));  // 0.025, at least 0.0225
  const HighestRate answer = search.answer();
  EXPECT_EQ(answer.best, 1U);
  EXPECT_EQ(answer.at_least_per_s, 40);
  EXPECT_EQ(answer.below_per_s, 60);
}

TEST(RateSearch, WhatWasDisturbedIsMeasuredAgainAndSaysNothing) {
  RateSearch search(0.02, kMax_per_s, 40);
  search.add(measured(40));  // met
  const auto next = search.next_per_s();
  ASSERT_TRUE(next);
  RateFigures disturbed = measured(*next);
  disturbed.verdict = RateVerdict::kDisturbed;
  disturbed.p99_interval_s = {1, 2};  // beyond the target
  for (int i = 0; i < 5; ++i) {
    search.add(disturbed);
    EXPECT_EQ(search.next_per_s(), next);
  }
  EXPECT_EQ(search.answer().best, 0U);
  EXPECT_FALSE(search.answer().below_per_s);
}

TEST(RateSearch, FiguresOfALateGeneratorAreMeasuredAgainAFewTimes) {
  RateSearch search(0.02, kMax_per_s, 50);
  RateFigures late = measured(50);
  late.verdict = RateVerdict::kLate;
  search.add(late);
  EXPECT_EQ(search.next_per_s(), 50);
  search.add(late);
  EXPECT_FALSE(search.gave_up());
  search.add(late);
  EXPECT_FALSE(search.next_per_s());
  EXPECT_TRUE(search.gave_up());
  EXPECT_FALSE(search.answer().best);
}

TEST(RateSearch, AnOverloadedRateMissesTheTarget) {
  RateFigures figures = measured(10);
  EXPECT_TRUE(meets(figures, 0.1));
  figures.verdict = RateVerdict::kOverloaded;
  EXPECT_FALSE(meets(figures, 0.1));
}

}  // namespace
}  // namespace dnnbench
