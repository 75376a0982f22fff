// The rules of looking for the setting that does most, with scripted engines.
#include "measure/throughput_bench.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/error.h"
#include "measure/scripted_engine.h"

namespace dnnbench {
namespace {

class ThroughputBenchTest : public ::testing::Test {
 protected:
  ThroughputBenchTest() { options_.budget_s = 1000; }

  // An inference of any setting takes time_s, whatever its batch, unless `scripts_` says otherwise.
  ThroughputFound find(double time_s = 0.01, int cores = 2) {
    options_.mode = throughput_;
    parts_.batch_at = [this](size_t index) -> std::optional<std::optional<int64_t>> {
      if (index >= batches_.size()) return std::nullopt;
      return batches_[index];
    };
    parts_.make_engine = [this, time_s](const ThroughputSetting& setting) {
      const Candidate& candidate = setting.candidate;
      if (candidate.batch && candidate.batch > largest_batch_) throw Error("no memory is left");
      Script script = scripts_.count(setting.index) > 0 ? scripts_[setting.index] : Script();
      script.time_s = time_s;
      const std::string name = std::to_string(setting.index);
      return std::make_unique<ScriptedEngine>(stage_, name, script, candidate.streams);
    };
    const Surroundings surroundings = stage_.surroundings();
    const std::string label = "engine";
    return ThroughputBench(options_, candidate_, label, cores, parts_, surroundings, progress_,
                           place_, 2)
        .measure();
  }

  RunOptions options_;
  ThroughputOptions throughput_;
  std::vector<std::optional<int64_t>> batches_{std::nullopt};
  size_t place_ = 0;                  // of this engine, of two
  int64_t largest_batch_ = 1024;      // that the model can be prepared at
  std::map<size_t, Script> scripts_;  // by setting
  Candidate candidate_;
  ThroughputParts parts_;
  Stage stage_;
  SilentProgress progress_;
};

TEST_F(ThroughputBenchTest, TwoProcessesThatDoTwiceAsMuchAreChosen) {
  const ThroughputFound found = find();
  ASSERT_TRUE(found.setting);
  EXPECT_EQ(found.setting->candidate.streams, 2);
  EXPECT_EQ(found.setting->candidate.threads, 1);
  const ThroughputResult& throughput = *found.measured.throughput;
  ASSERT_EQ(throughput.tried.size(), 2U);
  EXPECT_FALSE(throughput.tried[0].against);
  EXPECT_EQ(throughput.tried[1].against, 0U);
  EXPECT_EQ(throughput.tried[1].speed.relation, Relation::kFaster);
  EXPECT_NEAR(throughput.tried[1].speed.value, 2, 0.1);
  EXPECT_NEAR(throughput.best().per_s, 200, 10);
  EXPECT_TRUE(throughput.complete);
  EXPECT_EQ(found.measured.stopped, Stop::kDecided);
  EXPECT_EQ(found.measured.inferences, static_cast<int64_t>(found.measured.samples.size()));
}

TEST_F(ThroughputBenchTest, LargerBatchesAreTriedWhileTheyDoMore) {
  batches_ = {std::nullopt, 2, 4};
  const ThroughputFound found = find();
  EXPECT_EQ(found.setting->candidate.batch, 4);
  EXPECT_NEAR(found.measured.throughput->best().per_s, 4 * 200, 40);  // items
  EXPECT_EQ(found.measured.throughput->tried.size(), 6U);
}

TEST_F(ThroughputBenchTest, ThoseThatWereAskedForAreTriedEvenWhereTheyDoLess) {
  throughput_.batches = {8, 4, 2};
  throughput_.threads = {2};
  batches_ = {8, 4, 2};
  const ThroughputFound found = find();
  EXPECT_EQ(found.setting->candidate.batch, 8);
  EXPECT_EQ(found.measured.throughput->tried.size(), 3U);
}

TEST_F(ThroughputBenchTest, ABatchThatCanNotBePreparedTakesNothingFromTheOthers) {
  largest_batch_ = 4;
  for (const bool asked : {false, true}) {
    batches_ = {std::nullopt, 8, 4};
    if (asked) throughput_.batches = {1, 8, 4};
    const ThroughputFound found = find();
    ASSERT_TRUE(found.outcome.ok());
    const ThroughputResult& throughput = *found.measured.throughput;
    ASSERT_EQ(throughput.tried.size(), asked ? 6U : 4U);  // larger ones only if they do more
    EXPECT_EQ(throughput.tried[2].reason, "failed: no memory is left");
    EXPECT_EQ(throughput.chosen, asked ? 5U : 1U);
    EXPECT_TRUE(throughput.complete);
  }
}

TEST_F(ThroughputBenchTest, AModelThatCanNotBePreparedAtAllIsToBeMended) {
  largest_batch_ = 4;
  batches_ = {8};
  EXPECT_THROW(find(), Error);
}

// What the engines before it did is not lost.
TEST_F(ThroughputBenchTest, AnErrorOfALaterEngineIsItsOutcome) {
  place_ = 1;
  largest_batch_ = 4;
  batches_ = {8};
  const ThroughputFound found = find();
  EXPECT_EQ(found.outcome.kind, OutcomeKind::kFailed);
  EXPECT_EQ(found.outcome.reason, "no memory is left");
}

TEST_F(ThroughputBenchTest, ATieIsNoReasonToChange) {
  throughput_.threads = {1, 2};
  throughput_.streams = 1;
  const ThroughputFound found = find();
  ASSERT_EQ(found.measured.throughput->tried.size(), 2U);
  EXPECT_EQ(found.measured.throughput->tried[1].speed.relation, Relation::kTie);
  EXPECT_EQ(found.measured.throughput->chosen, 0U);
}

TEST_F(ThroughputBenchTest, ASettingThatBreaksTheBoundIsNotChosen) {
  throughput_.slo_p99_s = 0.005;
  const ThroughputFound found = find(0.01);
  EXPECT_FALSE(found.setting);
  EXPECT_EQ(found.outcome.kind, OutcomeKind::kUnsupported);
  EXPECT_EQ(found.outcome.reason, "an inference takes up to 10.0 ms, more than 5.00 ms");
}

// A, 1 x 2 at a batch of 8, is beaten by B, 2 x 1, which breaks the bound beside C; so does C.
TEST_F(ThroughputBenchTest, ABeatenSettingIsChosenWhereWhatBeatItBreaksTheBound) {
  throughput_.batches = {8, 1};
  batches_ = {8};
  find();
  const std::string turns = stage_.who("turn");
  const auto turns_of_b = static_cast<size_t>(std::count(turns.begin(), turns.end(), '1'));
  throughput_.slo_p99_s = 0.015;
  batches_ = {8, 1};
  scripts_[1].time_s_from[turns_of_b] = 0.02;
  scripts_[2].time_s_from[0] = 0.02;
  for (const double time_s : {0.02, 0.01, 0.001}) {  // D, 2 x 1 at a batch of 1: 2000/s at last
    stage_.events.clear();
    scripts_[3].time_s_from[0] = time_s;
    const ThroughputFound found = find();
    ASSERT_TRUE(found.outcome.ok()) << found.outcome.reason;
    const ThroughputResult& throughput = *found.measured.throughput;
    ASSERT_EQ(throughput.tried.size(), 4U);
    EXPECT_NE(throughput.tried[1].reason, "");
    EXPECT_NE(throughput.tried[2].reason, "");
    EXPECT_EQ(throughput.chosen, time_s < 0.005 ? 3U : 0U);
    EXPECT_EQ(found.setting->index, throughput.chosen);
    EXPECT_EQ(found.facts.peak_rss_bytes, 100);
    EXPECT_FALSE(found.measured.samples.empty());
    EXPECT_TRUE(throughput.complete);
  }
}

// Of 1 x 2 and 2 x 1; what disturbs the first makes it break the bound, and is over later.
TEST_F(ThroughputBenchTest, DisturbedWindowsSayNothingOfTheBound) {
  throughput_.slo_p99_s = 0.02;
  scripts_[0].always_disturbed = true;
  scripts_[0].time_s_from[0] = 0.03;
  scripts_[1].time_s_from[0] = 0.018;
  scripts_[2].time_s_from[0] = 0.005;  // the first once more
  const ThroughputFound found = find();
  ASSERT_TRUE(found.outcome.ok());
  const ThroughputResult& throughput = *found.measured.throughput;
  ASSERT_EQ(throughput.tried.size(), 3U);
  EXPECT_EQ(throughput.tried[0].reason,
            "most windows were disturbed: other programs used 0.80 cores");
  EXPECT_EQ(throughput.tried[0].p99_s, 0);
  EXPECT_GT(throughput.tried[0].per_s, 0);
  EXPECT_EQ(throughput.tried[2].streams, 1);
  EXPECT_EQ(throughput.chosen, 2U);
  EXPECT_EQ(found.measured.blocks_disturbed, 0);
  EXPECT_TRUE(throughput.complete);
}

TEST_F(ThroughputBenchTest, TheBestIsNotGivenUpForDisturbedWindows) {
  throughput_.slo_p99_s = 0.02;
  for (size_t turn = 10; turn < 40; ++turn) scripts_[0].disturbed.insert(turn);
  scripts_[0].time_s_from[10] = 0.03;
  scripts_[1].time_s_from[0] = 0.019;
  const ThroughputFound found = find();
  ASSERT_TRUE(found.outcome.ok());
  EXPECT_EQ(found.measured.throughput->chosen, 0U);
  EXPECT_EQ(found.measured.throughput->tried[0].reason, "");
  EXPECT_GT(2 * found.measured.blocks_disturbed, found.measured.blocks);  // and it is suspect
}

TEST_F(ThroughputBenchTest, WhereAllSettingsAreDisturbedTheResultIsSuspect) {
  throughput_.slo_p99_s = 0.02;
  for (const size_t setting : {0U, 1U, 2U, 3U}) {
    scripts_[setting].always_disturbed = true;
    scripts_[setting].time_s_from[0] = 0.03;
  }
  const ThroughputFound found = find();
  ASSERT_TRUE(found.outcome.ok()) << found.outcome.reason;
  const ThroughputResult& throughput = *found.measured.throughput;
  ASSERT_EQ(throughput.tried.size(), 4U);
  EXPECT_EQ(throughput.best().streams, 2);
  EXPECT_EQ(throughput.best().reason, "");
  EXPECT_EQ(found.measured.blocks_disturbed, found.measured.blocks);
  EXPECT_FALSE(found.measured.samples.empty());
}

TEST_F(ThroughputBenchTest, BatchesGrowWhereOnlyTheSecondTryIsUndisturbed) {
  throughput_.slo_p99_s = 0.02;
  batches_ = {std::nullopt, 2, 4};
  scripts_[2].always_disturbed = scripts_[3].always_disturbed = true;
  const ThroughputFound found = find();
  ASSERT_EQ(found.measured.throughput->tried.size(), 8U);
  EXPECT_EQ(found.measured.throughput->chosen, 7U);
  EXPECT_EQ(found.setting->candidate.batch, 4);
}

TEST_F(ThroughputBenchTest, ABusyMachineDoesNotOutlastTheBudget) {
  throughput_.slo_p99_s = 0.02;
  options_.budget_s = 1;
  scripts_[0].always_disturbed = true;
  const ThroughputFound found = find();
  EXPECT_TRUE(found.outcome.ok());
  EXPECT_EQ(found.measured.throughput->tried.size(), 1U);
  EXPECT_FALSE(found.measured.throughput->complete);
}

TEST_F(ThroughputBenchTest, ABeatenSettingWithAWrongAnswerIsNoneToFallBackTo) {
  throughput_.slo_p99_s = 0.015;
  find();
  const std::string checks = stage_.who("verify");
  const auto checks_of_a = static_cast<size_t>(std::count(checks.begin(), checks.end(), '0'));
  scripts_[0] = ends(Script(), "verify", checks_of_a - 1, OutcomeKind::kWrongOutput);
  const ThroughputFound found = find();
  ASSERT_TRUE(found.outcome.ok());
  EXPECT_EQ(found.measured.throughput->chosen, 1U);
  EXPECT_EQ(found.measured.throughput->tried[0].reason, "wrong_output: as written");
}

TEST_F(ThroughputBenchTest, ASettingThatEndsIsPassedOver) {
  for (const std::string step : {"prepare", "turn", "verify"}) {
    scripts_[1] = ends(Script(), step, 0, OutcomeKind::kOutOfMemory);
    const ThroughputFound found = find();
    EXPECT_TRUE(found.outcome.ok()) << step;
    EXPECT_EQ(found.measured.throughput->chosen, 0U);
    EXPECT_EQ(found.measured.throughput->tried[1].reason, "out_of_memory: as written");
  }
}

TEST_F(ThroughputBenchTest, WhereNoSettingCanBeMeasuredTheFirstOutcomeIsReported) {
  scripts_[0] = ends(Script(), "prepare", 0, OutcomeKind::kTimedOut);
  scripts_[1] = ends(Script(), "prepare", 0, OutcomeKind::kCrashed);
  const ThroughputFound found = find();
  EXPECT_EQ(found.outcome.kind, OutcomeKind::kTimedOut);
  EXPECT_FALSE(found.setting);
}

// Of three settings, 1 x 4, 2 x 2 and 4 x 1, each of which the next one beats.
TEST_F(ThroughputBenchTest, WhereTheBestEndsTheNextBestOfAllIsChosen) {
  for (const size_t best : {0U, 1U, 2U}) {
    const std::string name = std::to_string(best);
    for (const std::string step : {"turn", "verify"}) {
      scripts_.clear();
      stage_.events.clear();
      find(0.01, 4);
      const std::string calls = stage_.who(step);
      const auto last = static_cast<size_t>(std::count(calls.begin(), calls.end(), name.front()));
      scripts_[best] = ends(Script(), step, last - 1);
      const ThroughputFound found = find(0.01, 4);
      ASSERT_TRUE(found.outcome.ok()) << step << best;
      const ThroughputResult& throughput = *found.measured.throughput;
      EXPECT_EQ(throughput.tried[best].reason, "crashed: as written");
      EXPECT_EQ(throughput.tried[best].per_s, 0);
      EXPECT_EQ(throughput.chosen, best == 2 ? 1U : 2U);
      EXPECT_EQ(found.setting->index, throughput.chosen);
      EXPECT_FALSE(found.measured.samples.empty());
      EXPECT_TRUE(throughput.complete);
    }
  }
}

TEST_F(ThroughputBenchTest, ASlowerSettingIsOneToFallBackTo) {
  throughput_.threads = {2, 1};  // 1 x 2, then 1 x 1, which is slower
  throughput_.streams = 1;
  scripts_[1].time_s_from[0] = 0.02;
  stage_.events.clear();
  find();
  const std::string checks = stage_.who("verify");
  const auto last = static_cast<size_t>(std::count(checks.begin(), checks.end(), '0'));
  scripts_[0] = ends(Script(), "verify", last - 1, OutcomeKind::kWrongOutput);
  const ThroughputFound found = find();
  ASSERT_TRUE(found.outcome.ok());
  EXPECT_EQ(found.measured.throughput->chosen, 1U);
  EXPECT_EQ(found.measured.throughput->tried[0].reason, "wrong_output: as written");
}

TEST_F(ThroughputBenchTest, WhereTheBestAndTheOtherEndTheFirstOutcomeIsReported) {
  scripts_[0] = ends(Script(), "turn", 12);  // ten alone, then beside the second
  scripts_[1] = ends(Script(), "turn", 4, OutcomeKind::kTimedOut);
  const ThroughputFound found = find();
  EXPECT_EQ(found.outcome.kind, OutcomeKind::kCrashed);
  EXPECT_FALSE(found.setting);
}

TEST_F(ThroughputBenchTest, AWrongAnswerInTheLastCheckIsNoResult) {
  throughput_.threads = {2};
  scripts_[0] = ends(Script(), "verify", 4, OutcomeKind::kWrongOutput);  // after ten windows
  const ThroughputFound found = find();
  EXPECT_EQ(found.outcome.kind, OutcomeKind::kWrongOutput);
  EXPECT_EQ(found.setting->index, 0U);
}

TEST_F(ThroughputBenchTest, TheBudgetEndsTheSearchWithTheBestUntilThen) {
  options_.budget_s = 1;
  batches_ = {std::nullopt, 2, 4};
  const ThroughputFound found = find();
  EXPECT_TRUE(found.outcome.ok());
  EXPECT_FALSE(found.measured.throughput->complete);
  EXPECT_EQ(found.measured.throughput->tried.size(), 1U);
  EXPECT_EQ(found.measured.stopped, Stop::kBudget);
}

TEST_F(ThroughputBenchTest, ABusyMachineIsRecognisedByItsBlocks) {
  throughput_.threads = {2};
  scripts_[0].always_disturbed = true;
  const Measured measured = find().measured;
  EXPECT_EQ(measured.blocks, 20);  // twice as many as undisturbed ones are needed
  EXPECT_EQ(measured.blocks_disturbed, 20);
  EXPECT_FALSE(measured.samples.empty());
}

TEST_F(ThroughputBenchTest, WithoutAnUndisturbedBlockNothingIsKnownOfAPair) {
  scripts_[1].always_disturbed = true;
  const ThroughputFound found = find();
  EXPECT_EQ(found.measured.throughput->tried[1].speed.relation, Relation::kUndecided);
  EXPECT_EQ(found.measured.throughput->chosen, 0U);
}

TEST_F(ThroughputBenchTest, AnInterruptKeepsTheBestByThen) {
  stage_.interrupt_at_s = stage_.now_s + 2;  // while the first setting is measured alone
  const ThroughputFound found = find();
  ASSERT_TRUE(found.setting);
  EXPECT_EQ(found.measured.throughput->tried.size(), 1U);
  EXPECT_FALSE(found.measured.throughput->complete);
  EXPECT_EQ(found.measured.stopped, Stop::kInterrupted);
}

TEST_F(ThroughputBenchTest, AnInterruptBeforeAnythingIsMeasuredLeavesNothing) {
  stage_.interrupt_at_s = stage_.now_s;
  EXPECT_THROW(find(), Interrupted);
}

}  // namespace
}  // namespace dnnbench
