// The rules of taking turns under traffic, with scripted engines.
#include "measure/traffic_rounds.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "measure/rate_run.h"
#include "measure/scripted_engine.h"
#include "traffic/rate_search.h"

namespace dnnbench {
namespace {

class TrafficRoundsTest : public ::testing::Test {
 protected:
  TrafficRoundsTest() {
    options_.mode = TrafficOptions{100, std::nullopt, std::nullopt};
    options_.budget_s = 60;
  }

  std::vector<Participant> measure(const std::vector<Script>& scripts) {
    std::vector<Participant> all = participants(stage_, scripts);
    const ParticipantEnded ended = [this](Participant& participant) {
      ended_ += participant.label;
    };
    const Surroundings surroundings = stage_.surroundings();
    TrafficRounds(options_, surroundings, progress_, ended).measure(all);
    for (const Participant& participant : all) EXPECT_FALSE(participant.engine);
    return all;
  }

  RunOptions options_;
  Stage stage_;
  SilentProgress progress_;
  std::string ended_;
};

TEST_F(TrafficRoundsTest, EveryRequestIsASampleFromItsIntendedStart) {
  const Measured measured = measure({takes(0.002)})[0].measured;
  ASSERT_TRUE(measured.traffic);
  ASSERT_EQ(measured.traffic->rates.size(), 1U);
  EXPECT_EQ(measured.traffic->figures().verdict, RateVerdict::kCarried);
  EXPECT_EQ(measured.traffic->figures().requests, measured.samples.size());
  EXPECT_EQ(measured.traffic->begin_s.size(), measured.samples.size());
  EXPECT_EQ(measured.samples.front().start_s, 0);
  EXPECT_TRUE(
      std::is_sorted(measured.samples.begin(), measured.samples.end(),
                     [](const Sample& a, const Sample& b) { return a.start_s < b.start_s; }));
  EXPECT_EQ(measured.inferences - measured.dropped, static_cast<int64_t>(measured.samples.size()));
  EXPECT_GT(measured.dropped, 0);
}

TEST_F(TrafficRoundsTest, EnginesTakeTurnsAndMeetTheSameArrivals) {
  const auto all = measure({takes(0.002), takes(0.002)});
  const std::string order = stage_.who("turn");
  EXPECT_EQ(order.substr(0, 4), "abba");
  const std::vector<Sample>& a = all[0].measured.samples;
  const std::vector<Sample>& b = all[1].measured.samples;
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 1; i < a.size() && a[i].block == 0; ++i) {
    EXPECT_NEAR(a[i].start_s - a[0].start_s, b[i].start_s - b[0].start_s, 1e-9);
  }
}

TEST_F(TrafficRoundsTest, InputsAlternateAndAreVerifiedAtTheEnd) {
  measure({takes(0.002)});
  size_t turns = 0;
  for (const std::string& event : stage_.events) {
    if (event.rfind("a turn", 0) != 0) continue;
    EXPECT_EQ(event, turns++ % 2 == 0 ? "a turn 0" : "a turn 1");
  }
  EXPECT_GT(turns, 1U);
  const auto last = std::find(stage_.events.rbegin(), stage_.events.rend(), "a pause");
  EXPECT_EQ((last + 1)->substr(0, 8), "a verify");
}

TEST_F(TrafficRoundsTest, ARateAboveWhatTheEngineCanDoEndsAfterOneUndisturbedTurn) {
  options_.mode = TrafficOptions{2000, std::nullopt, 10'000};
  const Measured measured = measure({takes(0.002)})[0].measured;
  EXPECT_EQ(measured.traffic->figures().verdict, RateVerdict::kOverloaded);
  EXPECT_LE(measured.traffic->figures().max_per_s(), 500 + 1e-6);
  EXPECT_FALSE(carried_per_s(*measured.traffic));
  EXPECT_EQ(measured.blocks, 1);
}

TEST_F(TrafficRoundsTest, ALateGeneratorVoidsTheFigures) {
  Script late = takes(0.002);
  late.late_s = 0.001;
  const Measured measured = measure({late})[0].measured;
  EXPECT_EQ(measured.traffic->figures().verdict, RateVerdict::kLate);
  EXPECT_FALSE(carried_per_s(*measured.traffic));
}

TEST_F(TrafficRoundsTest, ASearchWhoseGeneratorIsLateThreeTimesDecidesNothing) {
  options_.mode = TrafficOptions{std::nullopt, 0.02, std::nullopt};
  options_.budget_s = 4000;
  Script late = takes(0.002);
  late.late_s = 0.001;
  const Measured measured = measure({late})[0].measured;
  EXPECT_EQ(measured.traffic->rates.size(), 3U);
  EXPECT_EQ(measured.traffic->figures().verdict, RateVerdict::kLate);
  EXPECT_EQ(measured.stopped, Stop::kLate);
}

TEST_F(TrafficRoundsTest, ADisturbedTurnIsMeasuredAgainAndNotKept) {
  const size_t quiet = measure({takes(0.002)})[0].measured.samples.size();
  Script busy = takes(0.002);
  busy.disturbed = {1};
  const Measured measured = measure({busy})[0].measured;
  EXPECT_EQ(measured.blocks_disturbed, 1);
  EXPECT_EQ(measured.samples.size(), quiet);
}

TEST_F(TrafficRoundsTest, TheHighestRateWithinABoundIsFound) {
  options_.mode = TrafficOptions{std::nullopt, 0.02, std::nullopt};
  options_.budget_s = 2000;
  const Measured measured = measure({takes(0.002)})[0].measured;  // 500/s at most
  const TrafficResult& traffic = *measured.traffic;
  EXPECT_GE(traffic.rates.size(), 2U);
  ASSERT_TRUE(carried_per_s(traffic));
  EXPECT_EQ(carried_per_s(traffic), traffic.figures().rate_per_s);
  EXPECT_GT(*carried_per_s(traffic), 300);
  EXPECT_LT(*carried_per_s(traffic), 500);
  EXPECT_LE(*traffic.figures().p99_s, 0.02);
  for (const RateFigures& tried : traffic.rates) {
    EXPECT_TRUE(meets(tried, 0.02) || tried.rate_per_s > *carried_per_s(traffic));
  }
  EXPECT_EQ(measured.stopped, Stop::kDecided);
}

TEST_F(TrafficRoundsTest, ARateWhoseTurnsWereDisturbedSaysNothingToASearch) {
  options_.mode = TrafficOptions{std::nullopt, 0.02, std::nullopt};
  options_.budget_s = 4000;
  const TrafficResult quiet = *measure({takes(0.002)})[0].measured.traffic;
  const auto turns_at = [&](const RateFigures& tried) {
    return RateRun({tried.rate_per_s, 0.002, 1}, options_.budget_s / 6, std::nullopt).turns();
  };
  size_t turn = 0, met = 0;
  for (; !meets(quiet.rates.at(met), 0.02); ++met) turn += turns_at(quiet.rates[met]);
  Script busy = takes(0.002);
  busy.time_s_from[turn] = 0.004;
  for (size_t i = 0; i <= turns_at(quiet.rates[met]); ++i) busy.disturbed.insert(turn++);
  busy.time_s_from[turn] = 0.002;
  const Measured measured = measure({busy})[0].measured;
  const TrafficResult& traffic = *measured.traffic;
  EXPECT_EQ(traffic.rates.size(), quiet.rates.size() + 1);
  EXPECT_EQ(traffic.rates[met].verdict, RateVerdict::kDisturbed);
  EXPECT_NE(traffic.rates[met].reason.find("other programs used 0.80 cores"), std::string::npos);
  EXPECT_EQ(traffic.rates[met + 1].rate_per_s, traffic.rates[met].rate_per_s);
  EXPECT_EQ(carried_per_s(traffic), carried_per_s(quiet));
  EXPECT_EQ(traffic.at_least_per_s, quiet.at_least_per_s);
  EXPECT_EQ(traffic.below_per_s, quiet.below_per_s);
  EXPECT_EQ(measured.stopped, Stop::kDecided);
}

TEST_F(TrafficRoundsTest, ASearchOnABusyMachineFindsNothing) {
  options_.mode = TrafficOptions{std::nullopt, 0.02, std::nullopt};
  options_.budget_s = 500;
  Script busy = takes(0.002);
  busy.always_disturbed = true;
  const Measured measured = measure({busy})[0].measured;
  EXPECT_FALSE(carried_per_s(*measured.traffic));
  EXPECT_FALSE(measured.traffic->below_per_s);
  EXPECT_EQ(measured.traffic->figures().verdict, RateVerdict::kDisturbed);
  EXPECT_EQ(measured.stopped, Stop::kBudget);
}

TEST_F(TrafficRoundsTest, AnEngineThatServesNoRequestHasFailed) {
  Script idle = takes(0.002);
  idle.serves = false;
  const auto all = measure({idle, takes(0.002)});
  EXPECT_EQ(all[0].outcome.kind, OutcomeKind::kFailed);
  EXPECT_EQ(all[0].outcome.reason, "it served no request at all");
  EXPECT_FALSE(all[0].measured.traffic);
  EXPECT_TRUE(all[1].outcome.ok());
  EXPECT_TRUE(all[1].measured.traffic);
}

TEST_F(TrafficRoundsTest, ABoundBelowOneInferenceIsMetByNoRate) {
  options_.mode = TrafficOptions{std::nullopt, 0.001, std::nullopt};
  options_.budget_s = 100;
  const Measured measured = measure({takes(0.002)})[0].measured;
  EXPECT_FALSE(carried_per_s(*measured.traffic));
  EXPECT_FALSE(why_not_carried(*measured.traffic).empty());
}

TEST_F(TrafficRoundsTest, RepeatCountsRequests) {
  options_.mode = TrafficOptions{100, std::nullopt, 500};
  options_.budget_s = 0.1;
  const Measured measured = measure({takes(0.002)})[0].measured;
  EXPECT_EQ(measured.samples.size(), 500U);
  EXPECT_EQ(measured.stopped, Stop::kRepeat);
}

TEST_F(TrafficRoundsTest, AnEngineThatEndsInAnyStepLeavesTheOthersTheirFigures) {
  for (const std::string step : {"turn", "verify"}) {
    for (const size_t call : {0U, 1U}) {
      ended_.clear();
      const auto all = measure({ends(takes(0.002), step, call), takes(0.001)});
      EXPECT_EQ(all[0].outcome.kind, OutcomeKind::kCrashed) << step << call;
      EXPECT_FALSE(all[0].measured.traffic);
      EXPECT_TRUE(all[1].outcome.ok());
      EXPECT_TRUE(all[1].measured.traffic);
      EXPECT_EQ(ended_, "ab");
    }
  }
}

TEST_F(TrafficRoundsTest, AWrongAnswerInTheLastCheckIsNoResult) {
  const auto quiet = measure({takes(0.002)});
  size_t checks = 0;
  for (const std::string& event : stage_.events) checks += event.rfind("a verify", 0) == 0 ? 1 : 0;
  const auto all = measure({ends(takes(0.002), "verify", checks - 1, OutcomeKind::kWrongOutput)});
  EXPECT_EQ(all[0].outcome.kind, OutcomeKind::kWrongOutput);
  EXPECT_FALSE(all[0].measured.traffic);
}

TEST_F(TrafficRoundsTest, AnInterruptKeepsTheRequestsServedByThen) {
  stage_.interrupt_at_s = stage_.now_s + 1;  // in the first turn
  const auto all = measure({takes(0.002), takes(0.002)});
  EXPECT_EQ(stage_.who("turn"), "a");
  EXPECT_EQ(ended_, "a");
  ASSERT_TRUE(all[0].measured.traffic);
  EXPECT_EQ(all[0].measured.stopped, Stop::kInterrupted);
  EXPECT_EQ(all[0].measured.traffic->figures().requests, all[0].measured.samples.size());
}

TEST_F(TrafficRoundsTest, AnInterruptedSearchKeepsTheRatesThatWereFinished) {
  options_.mode = TrafficOptions{std::nullopt, 0.02, std::nullopt};
  options_.budget_s = 180;
  stage_.interrupt_at_s = stage_.now_s + 60;
  const auto all = measure({takes(0.002)});
  ASSERT_TRUE(all[0].measured.traffic);
  EXPECT_GE(all[0].measured.traffic->rates.size(), 1U);
  EXPECT_EQ(all[0].measured.stopped, Stop::kInterrupted);
}

}  // namespace
}  // namespace dnnbench
