#include "measure/rank_results.h"

#include <gtest/gtest.h>

#include <cmath>

namespace dnnbench {
namespace {

Result measured(const std::string& backend, double time_s, int64_t first_block, int64_t blocks) {
  Result result;
  result.candidate.backend = backend;
  result.engine.verification.verdict = Verdict::kOk;
  for (int64_t block = first_block; block < first_block + blocks; ++block) {
    result.measured.samples.push_back({block, 0, time_s});
    result.measured.starts.push_back(block);
  }
  result.measured.blocks = blocks;
  return result;
}

TEST(BlockTable, HasTheMediansOfBlocksThatAnyoneHas) {
  Result a = measured("a", 0.2, 0, 2);
  a.number = 2;
  a.measured.samples.push_back({1, 0, 0.4});
  const Result b = measured("b", 0.1, 5, 1);
  const BlockTable table = block_table({&a, &b});
  ASSERT_EQ(table.latency_s[0].size(), 3U);
  EXPECT_EQ(table.latency_s[0][0], 0.1);
  EXPECT_DOUBLE_EQ(table.latency_s[0][1], 0.15);
  EXPECT_TRUE(std::isnan(table.latency_s[0][2]));
  EXPECT_TRUE(std::isnan(table.latency_s[1][0]));
  EXPECT_EQ(table.latency_s[1][2], 0.1);
  EXPECT_EQ(table.process, (std::vector<std::vector<size_t>>{{1, 2, 2}, {0, 0, 1}}));
}

TEST(RankResults, PlacesEnginesThatTookTurns) {
  std::vector<Result> results{measured("slow", 0.02, 0, 20), measured("fast", 0.01, 0, 20),
                              measured("same", 0.01, 0, 20)};
  rank_results(results, Goal{});
  EXPECT_EQ(results[0].rank->place, 3U);
  EXPECT_EQ(results[0].rank->to_best.relation, Relation::kSlower);
  EXPECT_NEAR(results[0].rank->to_best.value, 2, 1e-9);
  EXPECT_EQ(results[1].rank->place, 1U);
  EXPECT_EQ(results[2].rank->place, 1U);
  EXPECT_NE(results[1].rank->is_best, results[2].rank->is_best);
  EXPECT_TRUE(results[0].rank->decided);
  EXPECT_GE(results[0].rank->probability, 0.99);
  EXPECT_NEAR(results[1].p50_interval_s->low, 0.01, 1e-9);
}

// Within the 10 % that one process may differ by. Of all others every block was disturbed.
TEST(RankResults, CountNoStartOfWhichNothingIsLeft) {
  std::vector<Result> results{measured("a", 0.0108, 0, 20), measured("b", 0.01, 0, 20)};
  rank_results(results, Goal{});
  EXPECT_EQ(results[0].rank->to_best.relation, Relation::kSlower);
  for (Result& result : results) result.measured.starts = {0, 20, 21, 22, 23, 24, 25, 26, 27, 28};
  rank_results(results, Goal{});
  EXPECT_EQ(results[0].rank->to_best.relation, Relation::kUndecided);
}

// "early" left while the machine was twice as fast.
TEST(RankResults, GivesMediansThatCompare) {
  std::vector<Result> results{measured("early", 0.0125, 0, 20), measured("best", 0.01, 0, 20)};
  for (int64_t block = 20; block < 60; ++block) {
    results[1].measured.samples.push_back({block, 0, 0.02});
  }
  rank_results(results, Goal{});
  EXPECT_DOUBLE_EQ(results[0].rank->p50_s, 0.025);
  EXPECT_DOUBLE_EQ(results[1].rank->p50_s, 0.02);
  EXPECT_DOUBLE_EQ(to_blocks_of_best(results[0]), 2);
  EXPECT_EQ(to_blocks_of_best(measured("alone", 0.01, 0, 1)), 1);
}

TEST(RankResults, ComparesGroupsByTheirAnchor) {
  Result anchor = measured("anchor", 0.01, 0, 40);
  std::vector<Result> results{anchor, measured("first", 0.02, 0, 20),
                              measured("next", 0.04, 20, 20)};
  rank_results(results, Goal{});
  ASSERT_TRUE(results[2].rank);
  EXPECT_EQ(results[2].rank->anchor, "anchor");
  EXPECT_EQ(results[2].rank->place, 3U);
  EXPECT_EQ(results[2].rank->engines, 3U);
}

// Memory for two, and "late" found none beside the anchor, which was released for it.
TEST(RankResults, ComparesGroupsByTheirOwnAnchor) {
  std::vector<Result> results{measured("anchor", 0.02, 0, 40), measured("best", 0.01, 0, 20),
                              measured("slow", 0.03, 20, 20), measured("late", 0.01, 40, 20),
                              measured("beside late", 0.02, 40, 20)};
  rank_results(results, Goal{});
  EXPECT_NEAR(results[2].rank->to_best.value, 3, 1e-9);
  EXPECT_NEAR(results[2].rank->p50_s, 0.03, 1e-9);
  EXPECT_EQ(results[2].rank->anchor, "anchor");
  EXPECT_EQ(results[2].rank->engines, 3U);
  for (const size_t i : {3, 4}) EXPECT_FALSE(results[i].rank) << i;
}

TEST(RankResults, GivesNoRankToWhatMayHaveNone) {
  Result failed = measured("failed", 0.01, 0, 20);
  failed.outcome = {OutcomeKind::kCrashed, "as written"};
  Result suspect = measured("suspect", 0.01, 0, 20);
  suspect.measured.blocks_disturbed = 15;
  Result unverified = measured("unverified", 0.01, 0, 20);
  unverified.engine.verification.verdict = Verdict::kUnverified;
  std::vector<Result> results{failed, suspect, unverified, measured("ok", 0.02, 0, 20),
                              measured("alone", 0.01, 50, 20)};
  rank_results(results, Goal{});
  for (const size_t i : {0, 1, 2, 4}) EXPECT_FALSE(results[i].rank) << i;
  ASSERT_TRUE(results[3].rank);
  EXPECT_TRUE(results[3].rank->is_best);
  EXPECT_TRUE(results[1].p50_interval_s);  // its figures stand
  EXPECT_FALSE(results[0].p50_interval_s);
}

Result variant(const std::string& backend, const std::string& precision, double time_s,
               std::optional<bool> accepted) {
  Result result = measured(backend, time_s, 0, 20);
  result.candidate.precision = precision;
  result.acceptance = Acceptance{accepted, "", {}};
  return result;
}

TEST(RankResults, StaysWithinAPrecisionWhereNothingBoundsTheError) {
  std::vector<Result> results{variant("a", "f32", 0.02, true), variant("b", "f32", 0.03, true),
                              variant("a", "bf16", 0.01, std::nullopt)};
  EXPECT_FALSE(are_ranked_together(results));
  rank_results(results, Goal{});
  EXPECT_TRUE(results[0].rank->is_best);
  EXPECT_EQ(results[1].rank->engines, 2U);
  EXPECT_TRUE(results[2].rank->is_best);
  EXPECT_EQ(results[2].rank->engines, 1U);
}

TEST(RankResults, RanksAcceptedVariantsTogetherAndNoOthers) {
  std::vector<Result> results{variant("a", "f32", 0.02, true), variant("a", "bf16", 0.01, true),
                              variant("a", "int8", 0.005, false)};
  rank_results(results, Goal{});
  EXPECT_FALSE(results[0].rank->is_best);
  EXPECT_TRUE(results[1].rank->is_best);
  EXPECT_FALSE(results[2].rank);
}

TEST(CompareWithF32, TakesTheSameEnginesTimes) {
  std::vector<Result> results{variant("a", "f32", 0.02, true), variant("b", "f32", 0.04, true),
                              variant("b", "int8", 0.01, false), variant("c", "int8", 0.01, false)};
  compare_with_f32(results, 0.99, std::nullopt);
  EXPECT_NEAR(results[2].to_f32->value, 0.25, 1e-9);
  EXPECT_EQ(results[2].to_f32->relation, Relation::kFaster);
  EXPECT_FALSE(results[0].to_f32);
  EXPECT_FALSE(results[3].to_f32);
}

TEST(CompareWithF32, TakesTheAnchorWhereBothTookTurnsWithItAndNothingOtherwise) {
  std::vector<Result> results{variant("x", "f32", 0.03, true), variant("a", "f32", 0.04, true),
                              variant("a", "int8", 0.01, true)};
  const auto move_to = [&](size_t index, int64_t first_block) {
    Result& result = results[index];
    const Measured there =
        measured("", result.measured.samples[0].duration_s, first_block, 20).measured;
    result.measured = there;
    result.to_f32.reset();
  };
  move_to(2, 20);
  results[0].measured = measured("x", 0.03, 0, 40).measured;
  compare_with_f32(results, 0.99, 0);
  ASSERT_TRUE(results[2].to_f32);
  EXPECT_NEAR(results[2].to_f32->value, 0.25, 1e-9);
  move_to(2, 50);
  compare_with_f32(results, 0.99, 0);
  EXPECT_FALSE(results[2].to_f32);
}

}  // namespace
}  // namespace dnnbench
