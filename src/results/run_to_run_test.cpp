#include "results/run_to_run.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "results/stored_result.h"

namespace dnnbench {
namespace {

StoredResult run_of(const std::string& backend, double median_s) {
  StoredResult result;
  result.model = "m";
  result.backend = backend;
  result.backend_meta = "cpu";
  result.times_s = {median_s};
  result.path = std::to_string(median_s);
  return result;
}

TEST(RunToRun, OneRunOfEachSaysNothing) {
  const RunToRun unknown = run_to_run({run_of("a", 1), run_of("b", 3)});
  EXPECT_EQ(unknown.ratio, kUnknownRunToRun);
  EXPECT_EQ(unknown.runs, 0U);
}

TEST(RunToRun, TwoRunsSayLittleAndManySayMore) {
  EXPECT_EQ(run_to_run({run_of("a", 1), run_of("a", 1.01)}).ratio, kUnknownRunToRun);
  std::vector<StoredResult> many;
  for (const double s : {1.0, 1.01, 1.005, 1.002, 0.998, 1.007}) many.push_back(run_of("a", s));
  const RunToRun known = run_to_run(many);
  EXPECT_EQ(known.runs, 6U);
  EXPECT_GT(known.ratio, 1.012);  // what was seen
  EXPECT_LT(known.ratio, 1.05);
}

TEST(RunToRun, RunsOfTheSameMedianAreTwoAndCopiesOne) {
  std::vector<StoredResult> runs{run_of("a", 1), run_of("a", 1), run_of("a", 1.01)};
  EXPECT_EQ(run_to_run(runs).runs, 2U);
  for (size_t i = 0; i < runs.size(); ++i) runs[i].started_at = std::to_string(i);
  EXPECT_EQ(run_to_run(runs).runs, 3U);
}

TEST(RunToRun, IsNeverLessThanWhatWasSeen) {
  EXPECT_NEAR(run_to_run({run_of("a", 1), run_of("a", 1.6)}).ratio, 1.6, 1e-9);
}

TEST(RunToRun, OtherVersionsAndDisturbedRunsAreNoRepetition) {
  StoredResult newer = run_of("a", 2), disturbed = run_of("a", 3);
  newer.conditions["engine_version"] = "\"2\"";
  disturbed.suspect = true;
  EXPECT_EQ(run_to_run({run_of("a", 1), newer, disturbed}).runs, 0U);
}

TEST(RunToRun, RunsOnOtherCoresAreNoRepetitionButThoseOfAnotherRelease) {
  StoredResult slow_cores = run_of("a", 2), next_release = run_of("a", 1.01);
  slow_cores.conditions["environment.cores"] = "\"E-cores\"";
  EXPECT_EQ(run_to_run({run_of("a", 1), slow_cores}).runs, 0U);
  next_release.conditions["tool_version"] = "\"2\"";
  EXPECT_EQ(run_to_run({run_of("a", 1), next_release}).runs, 2U);
}

// Of two further runs of a machine that stays as it is.
TEST(RunToRun, HoldsTheNextTwoRunsInNinetyNineOfAHundred) {
  constexpr int kTrials = 4000;
  std::mt19937_64 random(1);
  std::normal_distribution<double> log_median(0, 0.005);
  for (const int runs : {3, 5, 20}) {
    int missed = 0;
    for (int trial = 0; trial < kTrials; ++trial) {
      RunMedians medians_s;
      for (int i = 0; i < runs; ++i) medians_s[std::to_string(i)] = std::exp(log_median(random));
      const double bound = std::log(run_to_run(std::vector<RunMedians>{medians_s}).ratio);
      missed += std::fabs(log_median(random) - log_median(random)) > bound ? 1 : 0;
    }
    EXPECT_LT(missed, 0.015 * kTrials) << runs;
  }
}

StoredResult knows(const std::string& started_at, const RunToRun& known) {
  StoredResult result = run_of("a", 1);
  result.started_at = started_at;
  result.run_to_run = known;
  return result;
}

double of_two(const StoredResult& before, const StoredResult& after, const RunToRun& folders = {}) {
  return run_to_run_of(before, after, folders).ratio;
}

TEST(RunToRun, OfWhatTwoResultsAndTheirFoldersKnowTheLargerCounts) {
  const StoredResult unknown = run_of("a", 1), known = knows("2026-11-11", {1.02, 5});
  EXPECT_EQ(of_two(unknown, unknown), kUnknownRunToRun);
  EXPECT_EQ(of_two(unknown, known), 1.02);
  EXPECT_EQ(of_two(known, unknown, {1.01, 4}), 1.02);
  EXPECT_EQ(of_two(known, unknown, {1.04, 4}), 1.04);
  StoredResult newer = knows("2026-11-12", {1.03, 4});
  newer.conditions["engine_version"] = "\"2\"";
  EXPECT_EQ(of_two(known, newer), 1.03);
  EXPECT_EQ(of_two(newer, known), 1.03);
}

// Else a machine that changed between the two would hide its change.
TEST(RunToRun, OfTwoRunsOfTheSameTheFirstOnesFigureCounts) {
  StoredResult monday = knows("2026-11-10", {1.02, 5}), tuesday = knows("2026-11-11", {1.5, 6});
  tuesday.conditions["tool_version"] = "\"another\"";
  EXPECT_EQ(of_two(monday, tuesday), 1.02);
  EXPECT_EQ(of_two(tuesday, monday), 1.02);
  monday.run_to_run.reset();
  EXPECT_EQ(of_two(monday, tuesday), kUnknownRunToRun);
  EXPECT_EQ(of_two(tuesday, monday), kUnknownRunToRun);
  tuesday.run_to_run->ratio = 1.04;
  EXPECT_EQ(of_two(monday, tuesday), 1.04);
}

TEST(RunToRun, MemoryThatTheKernelSeesIsNoOtherMachine) {
  StoredResult monday = knows("2026-11-10", {1.02, 5}), tuesday = knows("2026-11-11", {1.5, 6});
  monday.conditions["environment.memory_bytes"] = "1";
  EXPECT_EQ(of_two(monday, tuesday), 1.02);
}

TEST(RunToRun, TwoRunsOfAFolderSayLessThanManyThatTheMachineRemembers) {
  const StoredResult known = knows("2026-11-10", {1.02, 20});
  EXPECT_EQ(of_two(known, known, {kUnknownRunToRun, 2}), 1.02);
  EXPECT_EQ(of_two(known, known, {1.6, 2}), 1.6);  // which was seen
}

TEST(RunToRun, WhatIsKnownOfTheCandidateBeatsWhatIsKnownOfOthers) {
  const StoredResult own = knows("2026-11-10", {1.02, 5});
  StoredResult others = knows("2026-11-11", {1.3, 9, "", true});
  others.conditions["engine_version"] = "\"2\"";
  EXPECT_EQ(of_two(own, others), 1.02);
}

}  // namespace
}  // namespace dnnbench
