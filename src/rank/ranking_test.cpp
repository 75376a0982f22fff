#include "rank/ranking.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <utility>

#include "core/statistics.h"
#include "rank/simulated_runs.h"

namespace dnnbench {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// What was asked of every run at first.
const Goal kAllWithin1{0.99, 0.01, Order::kAll};

// Engines with these latencies on a machine whose speed wanders by far more than they differ.
BlockTable measured(const std::vector<double>& latencies_s, size_t blocks, double sigma) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  BlockTable table;
  table.latency_s.resize(latencies_s.size());
  double drift = 0;
  for (size_t block = 0; block < blocks; ++block) {
    drift += 0.1 * normal(random);
    for (size_t engine = 0; engine < latencies_s.size(); ++engine) {
      table.latency_s[engine].push_back(latencies_s[engine] *
                                        std::exp(drift + sigma * normal(random)));
    }
  }
  return table;
}

// So many processes, one after the other, as evenly as may be.
std::vector<size_t> processes(size_t count, size_t blocks) {
  std::vector<size_t> process;
  for (size_t block = 0; block < blocks; ++block) process.push_back(block * count / blocks);
  return process;
}

TEST(Rank, FindsTheOrderThroughDrift) {
  const Ranking ranking = rank(measured({0.03, 0.01, 0.0105}, 40, 0.01), kAllWithin1);
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
  const Ranking tie = rank(measured({0.01, 0.01001}, 40, 0.002), kAllWithin1);
  EXPECT_TRUE(tie.decided);
  EXPECT_EQ(tie.engines[tie.order[1]].to_best.relation, Relation::kTie);
  EXPECT_EQ(tie.engines[tie.order[1]].place, 1U);
  const Ranking open = rank(measured({0.01, 0.01001}, 40, 0.05), kAllWithin1);
  EXPECT_FALSE(open.decided);
  EXPECT_LT(open.probability, 0.99);
  EXPECT_EQ(open.engines[open.order[1]].to_best.relation, Relation::kUndecided);
  EXPECT_EQ(open.engines[open.order[1]].place, 1U);
}

TEST(Relation, IsReportedOnlyOfWhatDiffersByMoreThanATie) {
  EXPECT_EQ(relation_of({0.995, 1.005}), Relation::kTie);
  EXPECT_EQ(relation_of({1.002, 1.008}), Relation::kTie);  // known to differ, but by nothing
  EXPECT_EQ(relation_of({1.002, 1.03}), Relation::kUndecided);
  EXPECT_EQ(relation_of({0.97, 1.03}), Relation::kUndecided);
  EXPECT_EQ(relation_of({1.011, 1.03}), Relation::kSlower);
  EXPECT_EQ(relation_of({0.97, 0.989}), Relation::kFaster);
}

TEST(Rank, FewBlocksDecideNothing) {
  const Ranking ranking = rank(measured({0.01, 0.03}, 9, 0.001), kAllWithin1);
  EXPECT_EQ(ranking.order.front(), 0U);
  EXPECT_FALSE(ranking.decided);
  EXPECT_TRUE(std::isinf(ranking.engines[1].to_best.interval.high));
  EXPECT_TRUE(rank(measured({0.01, 0.03}, 10, 0.001), kAllWithin1).decided);
}

TEST(Rank, MoreEnginesNeedMoreBlocksForTheSameConfidence) {
  EXPECT_TRUE(rank(measured({1, 2, 3, 4, 5}, 13, 0.001), kAllWithin1).decided);
  EXPECT_FALSE(rank(measured({1, 2, 3, 4, 5}, 12, 0.001), kAllWithin1).decided);
  EXPECT_NEAR(alpha_of_pair(5, 0.99), 0.001, 1e-12);
  EXPECT_NEAR(alpha_of_pair(1, 0.99), 0.01, 1e-12);
}

// a beats c by more than b does, on average, and yet b has the lower time of the two in most
// blocks.
TEST(Rank, TheBestHasNoRatioBelow1ToIt) {
  const BlockTable table{
      {{1.02, 1.02, 1.02, 0.5, 0.5}, {1, 1, 1, 1, 1}, {1, 1.176, 1.5, 1.176, 1.176}}, {}};
  const Ranking ranking = rank(table, kAllWithin1);
  EXPECT_EQ(ranking.order, (std::vector<size_t>{1, 0, 2}));
  EXPECT_NEAR(ranking.engines[0].to_best.value, 1.02, 1e-9);
  EXPECT_NEAR(ranking.engines[2].to_best.value, 1.176, 1e-9);
}

// Each has the lower time than the next one in two of three blocks.
TEST(Rank, WhereEveryEngineLosesTheMeanDecides) {
  const BlockTable circle{{{1, 3, 2}, {2, 1, 3.1}, {3.2, 2, 1}}, {}};
  const Ranking ranking = rank(circle, kAllWithin1);
  EXPECT_EQ(ranking.order.front(), 0U);
  EXPECT_LT(ranking.engines[2].to_best.value, 1);
}

TEST(Rank, OneEngineAloneIsTheBest) {
  const Ranking ranking = rank(measured({0.01}, 20, 0.01), kAllWithin1);
  EXPECT_EQ(ranking.order, std::vector<size_t>{0});
  EXPECT_EQ(ranking.engines[0].place, 1U);
}

TEST(Rank, ComparesGroupsByTheirAnchor) {
  BlockTable table = measured({0.010, 0.020, 0.030}, 80, 0.002);
  for (size_t block = 0; block < 80; ++block) table.latency_s[block < 40 ? 2 : 1][block] = kNaN;
  EXPECT_TRUE(std::isinf(ratio_of(table, 2, 1, 0.01).interval.high));
  const Ranking ranking = rank(table, kAllWithin1, 0);
  EXPECT_EQ(ranking.order, (std::vector<size_t>{0, 1, 2}));
  EXPECT_TRUE(ranking.decided);
  const Ratio across = ratio_of(table, 2, 1, 0.01, 0);
  EXPECT_NEAR(across.value, 1.5, 0.02);
  EXPECT_TRUE(across.interval.holds(1.5));
}

std::vector<Certainty> certainties(const BlockTable& table, double alpha, const Goal& goal) {
  std::vector<Certainty> certainties;
  for (const RemainingWork& work : remaining_work(table, alpha, goal)) {
    certainties.push_back(work.certainty);
  }
  return certainties;
}

using Certainties = std::vector<Certainty>;

TEST(RemainingWork, EndsWhenAllIsDecidedOrKnownWellEnough) {
  EXPECT_EQ(certainties(measured({1, 2}, 9, 0.001), 0.01, kAllWithin1),
            Certainties(2, Certainty::kOpen));
  EXPECT_EQ(certainties(measured({1, 2}, 10, 0.001), 0.01, kAllWithin1),
            Certainties(2, Certainty::kDecided));
  // 1.0098: neither a tie nor different for long, but known within 1 %.
  EXPECT_EQ(certainties(measured({1, 1.0098}, 10, 0.0001), 0.01, kAllWithin1)[0],
            Certainty::kPrecise);
  EXPECT_EQ(certainties(measured({1, 1.0098, 1.5}, 40, 0.004), 0.001, {0.99, 0.02, Order::kAll}),
            (Certainties{Certainty::kPrecise, Certainty::kPrecise, Certainty::kDecided}));
  // Within 3 % of 1, though its ends are farther apart.
  EXPECT_TRUE(is_precise({0.975, 1.025}, 0.03));
  EXPECT_FALSE(is_precise({0.975, 1.035}, 0.03));
  EXPECT_TRUE(is_precise({1.005, 1.034}, 0.03));
}

TEST(RemainingWork, WhatIsMeantForAComparisonGoesOnUntilItIsPrecise) {
  const BlockTable table = measured({1, 1.05}, 12, 0.008);
  EXPECT_EQ(certainties(table, 0.01, {0.99, 0.01, Order::kAll, false})[0], Certainty::kDecided);
  EXPECT_EQ(certainties(table, 0.01, {0.99, 0.01, Order::kAll, true})[0], Certainty::kOpen);
}

TEST(RemainingWork, OnlyThePairThatIsOpenGoesOn) {
  EXPECT_EQ(certainties(measured({1, 1.002, 3}, 20, 0.02), 0.01 / 3, {0.99, 0.001, Order::kAll}),
            (Certainties{Certainty::kOpen, Certainty::kOpen, Certainty::kDecided}));
}

// Two that are slower for sure need no order among each other, unless it is asked for.
TEST(RemainingWork, OnlyRelationsToTheBestAreAskedFor) {
  const BlockTable table = measured({1, 2, 2.01}, 30, 0.01);
  EXPECT_EQ(certainties(table, 0.01 / 3, Goal{}), Certainties(3, Certainty::kDecided));
  EXPECT_EQ(certainties(table, 0.01 / 3, {0.99, 0.001, Order::kAll}),
            (Certainties{Certainty::kDecided, Certainty::kOpen, Certainty::kOpen}));
  EXPECT_TRUE(rank(table, Goal{}).decided);
  EXPECT_GE(rank(table, Goal{}).probability, 0.99);
  EXPECT_FALSE(rank(table, {0.99, 0.001, Order::kAll}).decided);
}

// As long as each of two may be the best, the third is compared with both.
TEST(RemainingWork, WhoMayBeBestStaysUntilAllAreComparedWithIt) {
  const BlockTable table = measured({1, 1.005, 1.022}, 30, 0.006);
  const Certainties known = certainties(table, 0.01 / 3, {0.99, 1e-6, Order::kBest});
  EXPECT_EQ(known, Certainties(3, Certainty::kOpen));
}

TEST(RemainingWork, StartsMatterToWhatIsNearAndOpen) {
  BlockTable table = measured({1, 1.02, 2}, 3, 0.001);
  table.process.assign(3, processes(1, 3));
  const std::vector<RemainingWork> known = remaining_work(table, 0.01 / 3, Goal{});
  EXPECT_TRUE(known[0].starts_matter);
  EXPECT_TRUE(known[1].starts_matter);
  EXPECT_FALSE(known[2].starts_matter);
}

TEST(Restart, IsDueWhereItMayChangeWhatIsReported) {
  EXPECT_FALSE(is_restart_due({true, false, 1, 1}));
  EXPECT_TRUE(is_restart_due({true, false, 1, 2}));
  EXPECT_FALSE(is_restart_due({false, false, 1, 7}));
  EXPECT_TRUE(is_restart_due({false, false, 1, 8}));
  EXPECT_FALSE(is_restart_due({false, true, 1, 0}));
  EXPECT_TRUE(is_restart_due({false, true, 6, 1}));
  EXPECT_FALSE(is_restart_due({false, true, 7, 1}));
  EXPECT_TRUE(is_restart_due({false, true, 7, 2}));
}

TEST(RemainingWork, OneEngineAloneNeedsItsPrecision) {
  const auto alone = [](std::vector<double> blocks) {
    return remaining_work({{std::move(blocks)}, {}}, 0.01, kAllWithin1)[0].certainty;
  };
  EXPECT_EQ(alone(std::vector<double>(9, 1.0)), Certainty::kOpen);
  EXPECT_EQ(alone(std::vector<double>(10, 1.0)), Certainty::kPrecise);
  EXPECT_EQ(alone(measured({1}, 20, 0.02).latency_s[0]), Certainty::kOpen);
}

// One start of each may lie 10 % from the engine's usual speed: a difference within that is none.
TEST(Ratio, FewStartsMakeItWider) {
  BlockTable table = measured({1, 1.08}, 15, 0.001);
  const auto margin = [&](size_t starts) {
    const size_t blocks = table.latency_s[0].size();
    table.process = {processes(blocks, blocks), processes(starts, blocks)};
    return 1.08 / ratio_of(table, 1, 0, 0.01).interval.low - 1;
  };
  EXPECT_NEAR(margin(1), 0.10, 0.004);
  EXPECT_NEAR(margin(2), 0.10, 0.004);
  EXPECT_NEAR(margin(3), 0.03, 0.004);
  EXPECT_NEAR(margin(6), 0.01, 0.004);
  EXPECT_NEAR(margin(7), 0.00, 0.004);
  // One that has most of the blocks stands for itself.
  table = measured({1, 1.08}, 30, 0.001);
  EXPECT_NEAR(margin(3), 0.10, 0.004);
  EXPECT_NEAR(margin(6), 0.03, 0.004);
  EXPECT_NEAR(margin(10), 0.01, 0.004);
  EXPECT_NEAR(margin(15), 0.00, 0.004);
  table.process.clear();  // not of the engines
  EXPECT_EQ(ratio_of(table, 1, 0, 0.01).relation, Relation::kSlower);
}

// Of ten starts of each two blocks, those of which nothing is left show nothing.
TEST(Ratio, OnlyStartsWithABlockInCommonCount) {
  BlockTable table = measured({1, 1.08}, 20, 0.001);
  table.process.assign(2, processes(10, 20));
  const auto margin = [&] { return 1.08 / ratio_of(table, 1, 0, 0.01).interval.low - 1; };
  EXPECT_NEAR(margin(), 0.00, 0.004);
  for (size_t block = 12; block < 20; ++block) table.latency_s[0][block] = kNaN;
  EXPECT_NEAR(margin(), 0.01, 0.004);  // six starts, twelve blocks
  table.latency_s[1][10] = table.latency_s[1][11] = kNaN;
  EXPECT_NEAR(margin(), 0.03, 0.004);  // five, ten
}

TEST(Ratio, TwiceAsSlowIsDecidedInAFewBlocks) {
  for (const size_t engines : {2, 5}) {
    BlockTable table = measured({1, 2}, 5, 0.01);
    table.process.assign(2, processes(1, 5));
    const Ratio ratio = ratio_of(table, 1, 0, alpha_of_pair(engines, 0.99));
    EXPECT_EQ(ratio.relation, Relation::kSlower) << engines;
    EXPECT_TRUE(ratio.interval.holds(2));
  }
}

// A short form of `ranking-simulate RUNS runs`, a second of time. Seeded, so the counts are always
// the same. At most 1 % may be wrong and 1.5 % missed; the bounds are passed by 99.9 % of such
// experiments then.
TEST(SimulatedRuns, AreRightAndTheirIntervalsHold) {
  constexpr int kTrials = 100;
  for (const SimulatedNoise& noise : simulated_noises()) {
    if (noise.correlation > 0.5) continue;  // docs/measuring.md says what holds there
    for (const double truth : {1.0, 1.05, 2.0}) {
      const SimulatedRuns runs = simulate(noise, truth, Goal{}, kTrials);
      EXPECT_LE(runs.wrong, 5) << noise.name << truth;
      EXPECT_LE(runs.missed, 6) << noise.name << truth;
      EXPECT_TRUE(truth < 2 || runs.right == kTrials) << noise.name;
      if (noise.starts == Starts::kTwoSpeeds) continue;
      EXPECT_EQ(runs.wrong_sign, 0) << noise.name << truth;
      EXPECT_TRUE(truth < 2 || median(runs.blocks) <= 6) << noise.name;
    }
  }
}

TEST(LatencyInterval, LeavesOutBlocksWithoutATurn) {
  std::vector<double> blocks(11, 2.0);
  blocks[3] = kNaN;
  EXPECT_DOUBLE_EQ(latency_interval_s(blocks, 0.01).low, 2);
  EXPECT_DOUBLE_EQ(latency_interval_s(blocks, 0.01).high, 2);
}

}  // namespace
}  // namespace dnnbench
