// Whether the gate finds a slow-down and raises no false alarm: simulated runs, seeded, by the same
// rules as real ones (rank/ranking.h). tests/experiments/gate_trials.py does it with processes.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "compare/gate.h"

namespace dnnbench {
namespace {

constexpr int kTrials = 100;
constexpr int kMaxBlocks = 100;  // a budget of 20 s, of turns of 0.2 s
constexpr double kTarget = 0.01;

struct Machine {
  double turn_sigma = 0.005;   // of a turn's median
  double start_sigma = 0.005;  // of a process, for as long as it lives: two blocks
  double drift_sigma = 0.02;   // of the machine from block to block, both alike
  double outliers = 0;         // share of turns that take up to twice as long
};

Gate trial(const Machine& machine, double slow_down, double share, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  const double alpha = alpha_of_pair(2, 0.99);
  BlockTable table;
  table.latency_s.resize(2);
  table.process.resize(2);
  const Goal goal{0.99, kTarget, Order::kAll, true};
  double speed = 0, start[2] = {0, 0};
  for (int block = 0; block < kMaxBlocks; ++block) {
    speed += machine.drift_sigma * normal(random);
    for (size_t who = 0; who < 2; ++who) {
      if (block % 2 == 0) start[who] = machine.start_sigma * normal(random);
      table.process[who].push_back(static_cast<size_t>(block / 2));
      double log_time = speed + start[who] + machine.turn_sigma * normal(random);
      if (uniform(random) < machine.outliers) log_time += std::log(1 + uniform(random));
      table.latency_s[who].push_back((who == 0 ? 1 : slow_down) * std::exp(log_time));
    }
    if (remaining_work(table, alpha, goal)[0].certainty != Certainty::kOpen) break;
  }
  Compared row;
  row.in_turns = true;
  row.ratio = ratio_of(table, 1, 0, alpha);
  row.change = change_of(row.ratio.relation);
  return gate_of(row, share);
}

struct Counts {
  int worse = 0, open = 0;
};

Counts trials(const Machine& machine, double slow_down, double share = 0.01) {
  std::mt19937_64 random(20261127);
  Counts counts;
  for (int i = 0; i < kTrials; ++i) {
    const Gate gate = trial(machine, slow_down, share, random);
    counts.worse += gate == Gate::kWorse ? 1 : 0;
    counts.open += gate == Gate::kCantTell ? 1 : 0;
  }
  return counts;
}

TEST(GateTrials, ThreePercentAreFound) { EXPECT_GE(trials({}, 1.03).worse, 99); }

TEST(GateTrials, EqualOnesRaiseNoAlarm) { EXPECT_EQ(trials({}, 1).worse, 0); }

// What a noisy machine hides is left open rather than passed.
TEST(GateTrials, ANoisyNeighbourLeavesItOpenAndNeverWrong) {
  const Machine noisy{0.03, 0.01, 0.05, 0.3};
  EXPECT_EQ(trials(noisy, 1).worse, 0);
  const Counts slower = trials(noisy, 1.03);
  EXPECT_GE(slower.worse + slower.open, 99);
}

TEST(GateTrials, WhatIsAllowedPasses) {
  const Counts allowed = trials({}, 1.03, 0.05);
  EXPECT_EQ(allowed.worse, 0);
  EXPECT_LE(allowed.open, 1);
}

}  // namespace
}  // namespace dnnbench
