#include "rank/ranking.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace dnnbench {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Engines with these latencies on a machine whose speed wanders by far more than they differ.
BlockTable measured(const std::vector<double>& latencies_s, size_t blocks, double sigma) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  BlockTable table(latencies_s.size());
  double drift = 0;
  for (size_t block = 0; block < blocks; ++block) {
    drift += 0.1 * normal(random);
    for (size_t engine = 0; engine < latencies_s.size(); ++engine) {
      table[engine].push_back(latencies_s[engine] * std::exp(drift + sigma * normal(random)));
    }
  }
  return table;
}

TEST(Rank, FindsTheOrderThroughDrift) {
  const Ranking ranking = rank(measured({0.03, 0.01, 0.0105}, 40, 0.01), 0.99);
  EXPECT_EQ(ranking.order, (std::vector<size_t>{1, 2, 0}));
  EXPECT_TRUE(ranking.decided);
  EXPECT_GE(ranking.probability, 0.99);
  EXPECT_EQ(ranking.engines[1].place, 1U);
  EXPECT_EQ(ranking.engines[2].place, 2U);
  EXPECT_EQ(ranking.engines[0].place, 3U);
  EXPECT_EQ(ranking.engines[1].to_best.value, 1);
  const Ratio& second = ranking.engines[2].to_best;
  EXPECT_EQ(second.relation, Relation::kSlower);
  EXPECT_NEAR(second.value, 1.05, 0.01);
  EXPECT_TRUE(second.interval.holds(1.05));
  EXPECT_GT(second.interval.low, 1);
}

TEST(Rank, CallsATieOnlyWhatIsKnownToBeOne) {
  const Ranking tie = rank(measured({0.01, 0.01001}, 40, 0.002), 0.99);
  EXPECT_TRUE(tie.decided);
  EXPECT_EQ(tie.engines[tie.order[1]].to_best.relation, Relation::kTie);
  EXPECT_EQ(tie.engines[tie.order[1]].place, 1U);
  const Ranking open = rank(measured({0.01, 0.01001}, 40, 0.05), 0.99);
  EXPECT_FALSE(open.decided);
  EXPECT_LT(open.probability, 0.99);
  EXPECT_EQ(open.engines[open.order[1]].to_best.relation, Relation::kUndecided);
  EXPECT_EQ(open.engines[open.order[1]].place, 1U);
}

TEST(Relation, IsToldOnlyOfWhatDiffersByMoreThanATie) {
  EXPECT_EQ(relation_of({0.995, 1.005}), Relation::kTie);
  EXPECT_EQ(relation_of({1.002, 1.008}), Relation::kTie);  // known to differ, but by nothing
  EXPECT_EQ(relation_of({1.002, 1.03}), Relation::kUndecided);
  EXPECT_EQ(relation_of({0.97, 1.03}), Relation::kUndecided);
  EXPECT_EQ(relation_of({1.011, 1.03}), Relation::kSlower);
  EXPECT_EQ(relation_of({0.97, 0.989}), Relation::kFaster);
}

TEST(Rank, FewBlocksDecideNothing) {
  const Ranking ranking = rank(measured({0.01, 0.03}, 9, 0.001), 0.99);
  EXPECT_EQ(ranking.order.front(), 0U);
  EXPECT_FALSE(ranking.decided);
  EXPECT_TRUE(std::isinf(ranking.engines[1].to_best.interval.high));
  EXPECT_TRUE(rank(measured({0.01, 0.03}, 10, 0.001), 0.99).decided);
}

TEST(Rank, MoreEnginesNeedMoreBlocksForTheSameConfidence) {
  EXPECT_TRUE(rank(measured({1, 2, 3, 4, 5}, 13, 0.001), 0.99).decided);
  EXPECT_FALSE(rank(measured({1, 2, 3, 4, 5}, 12, 0.001), 0.99).decided);
  EXPECT_NEAR(alpha_of_pair(5, 0.99), 0.001, 1e-12);
  EXPECT_NEAR(alpha_of_pair(1, 0.99), 0.01, 1e-12);
}

TEST(Rank, OneEngineAloneIsTheBest) {
  const Ranking ranking = rank(measured({0.01}, 20, 0.01), 0.99);
  EXPECT_EQ(ranking.order, std::vector<size_t>{0});
  EXPECT_EQ(ranking.engines[0].place, 1U);
}

TEST(Rank, ComparesGroupsByTheirAnchor) {
  BlockTable table = measured({0.010, 0.020, 0.030}, 80, 0.002);
  for (size_t block = 0; block < 80; ++block) table[block < 40 ? 2 : 1][block] = kNaN;
  EXPECT_TRUE(std::isinf(ratio_of(table, 2, 1, 0.01).interval.high));
  const Ranking ranking = rank(table, 0.99, 0);
  EXPECT_EQ(ranking.order, (std::vector<size_t>{0, 1, 2}));
  EXPECT_TRUE(ranking.decided);
  const Ratio across = ratio_of(table, 2, 1, 0.01, 0);
  EXPECT_NEAR(across.value, 1.5, 0.02);
  EXPECT_TRUE(across.interval.holds(1.5));
}

TEST(Certainty, EndWhenAllIsDecidedOrKnownWellEnough) {
  EXPECT_EQ(certainty(measured({1, 2}, 9, 0.001), 0.01, 0.01),
            (std::vector<Certainty>(2, Certainty::kOpen)));
  EXPECT_EQ(certainty(measured({1, 2}, 10, 0.001), 0.01, 0.01),
            (std::vector<Certainty>(2, Certainty::kDecided)));
  // 1.0098: neither a tie nor different for long, but known within 1 %.
  EXPECT_EQ(certainty(measured({1, 1.0098}, 10, 0.0001), 0.01, 0.01)[0], Certainty::kPrecise);
  EXPECT_EQ(
      certainty(measured({1, 1.0098, 1.5}, 40, 0.004), 0.001, 0.02),
      (std::vector<Certainty>{Certainty::kPrecise, Certainty::kPrecise, Certainty::kDecided}));
}

TEST(Certainty, OnlyThePairThatIsOpenGoesOn) {
  EXPECT_EQ(certainty(measured({1, 1.002, 3}, 20, 0.02), 0.01 / 3, 0.001),
            (std::vector<Certainty>{Certainty::kOpen, Certainty::kOpen, Certainty::kDecided}));
}

TEST(Certainty, OneEngineAloneNeedsItsPrecision) {
  EXPECT_EQ(certainty({std::vector<double>(9, 1.0)}, 0.01, 0.01)[0], Certainty::kOpen);
  EXPECT_EQ(certainty({std::vector<double>(10, 1.0)}, 0.01, 0.01)[0], Certainty::kPrecise);
  EXPECT_EQ(certainty(measured({1}, 20, 0.02), 0.01, 0.01)[0], Certainty::kOpen);
}

TEST(LatencyInterval, LeavesOutBlocksWithoutATurn) {
  std::vector<double> blocks(11, 2.0);
  blocks[3] = kNaN;
  EXPECT_DOUBLE_EQ(latency_interval_s(blocks, 0.01).low, 2);
  EXPECT_DOUBLE_EQ(latency_interval_s(blocks, 0.01).high, 2);
}

}  // namespace
}  // namespace dnnbench
