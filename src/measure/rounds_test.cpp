// The rules of taking turns, with scripted engines.
#include "measure/rounds.h"

#include <gtest/gtest.h>

#include <set>

#include "measure/scripted_engine.h"

namespace dnnbench {
namespace {

using Starts = std::vector<int64_t>;

std::set<int64_t> blocks(const Participant& participant) {
  std::set<int64_t> blocks;
  for (const Sample& sample : participant.measured.samples) blocks.insert(sample.block);
  return blocks;
}

class RoundsTest : public ::testing::Test {
 protected:
  RoundsTest() { options_.budget_s = 1000; }

  void repeat(int64_t measurements) { options_.mode = LatencyOptions{measurements, 1}; }

  std::vector<Participant> measure(const std::vector<Script>& scripts, bool keep_first = false) {
    std::vector<Participant> all = participants(stage_, scripts);
    rounds_.measure(all, scripts.size(), keep_first);
    return all;
  }

  RunOptions options_;
  Stage stage_;
  SilentProgress progress_;
  std::string ended_;  // in that order
  const Surroundings surroundings_ = stage_.surroundings();
  const ParticipantEnded on_end_ = [this](Participant& participant) {
    ended_ += participant.label;
  };
  Rounds rounds_{options_, surroundings_, progress_, on_end_};
};

TEST_F(RoundsTest, EveryEngineIsAsOftenAtEveryPlaceOfABlock) {
  repeat(160);
  measure({takes(0.01), takes(0.01), takes(0.01)});
  const std::string order = stage_.who("turn");
  ASSERT_EQ(order.size() % 18, 48U % 18);  // 16 blocks of three
  std::map<std::pair<size_t, char>, int> at;
  for (size_t i = 0; i < 18; ++i) ++at[{i % 3, order[i]}];
  for (const auto& [place, count] : at) EXPECT_EQ(count, 2);
  EXPECT_EQ(at.size(), 9U);
}

TEST_F(RoundsTest, OneComputesWhileTheOthersArePaused) {
  repeat(40);
  measure({takes(0.01), takes(0.02)});
  bool computing = false;
  for (const std::string& event : stage_.events) {
    if (event.find(" turn") != std::string::npos) {
      EXPECT_FALSE(computing) << event;
      computing = true;
    } else if (event.find(" pause") != std::string::npos) {
      computing = false;
    }
  }
}

TEST_F(RoundsTest, InputsAlternateAndAreVerifiedSeldomAndAtTheEnd) {
  repeat(16);
  measure({takes(0.01)});
  std::vector<std::string> checks;
  size_t turns = 0;
  for (const std::string& event : stage_.events) {
    if (event.rfind("a turn", 0) == 0) {
      EXPECT_EQ(event, turns % 2 == 0 ? "a turn 0" : "a turn 1");
      ++turns;
    }
    if (event.rfind("a verify", 0) == 0) checks.push_back(std::to_string(turns) + event);
  }
  EXPECT_EQ(turns, 16U);
  EXPECT_EQ(checks, (std::vector<std::string>{"1a verify 0", "2a verify 1", "4a verify 1",
                                              "8a verify 1", "16a verify 1", "16a verify 1"}));
}

TEST_F(RoundsTest, RepeatMeasuresSoManyInBlocksOfAboutATurn) {
  repeat(1000);
  const auto all = measure({takes(0.01), takes(0.02)});  // 20 s of the slower, 0.3 s per turn
  for (const Participant& participant : all) {
    EXPECT_EQ(participant.measured.samples.size(), 1000U);
    EXPECT_EQ(participant.measured.blocks, 67);
    EXPECT_EQ(participant.measured.stopped, Stop::kRepeat);
    EXPECT_EQ(participant.measured.inferences, 1000);
  }
  EXPECT_EQ(ended_, "ab");
}

TEST_F(RoundsTest, WithRepeatADisturbedBlockIsMeasuredAgainForAll) {
  repeat(16);
  Script busy = takes(0.01);
  busy.disturbed = {3, 4};
  const auto all = measure({takes(0.01), busy});
  for (const Participant& participant : all) {
    EXPECT_EQ(participant.measured.samples.size(), 16U);
    EXPECT_EQ(participant.measured.blocks, 18);
    EXPECT_EQ(participant.measured.blocks_disturbed, 2);
    EXPECT_EQ(participant.measured.disturbance, "other programs used 0.80 cores");
    EXPECT_EQ(blocks(participant).count(3), 0U);
    EXPECT_EQ(blocks(participant).count(4), 0U);
    EXPECT_EQ(blocks(participant).count(17), 1U);
  }
}

TEST_F(RoundsTest, WithRepeatABusyMachineEndsTheRunAfterTwiceTheBlocks) {
  repeat(16);
  Script busy = takes(0.01);
  busy.always_disturbed = true;
  const auto all = measure({busy});
  EXPECT_EQ(all[0].measured.blocks, 32);
  EXPECT_EQ(all[0].measured.samples.size(), 16U);  // one block per slot all the same
}

TEST_F(RoundsTest, EndWhenTheOrderIsDecided) {
  const auto all = measure({takes(0.01), takes(0.0105)});
  for (const Participant& participant : all) {
    EXPECT_EQ(participant.measured.stopped, Stop::kDecided);
    EXPECT_GE(participant.measured.blocks, 8);
    EXPECT_LE(participant.measured.blocks, 20);
  }
  EXPECT_EQ(blocks(all[0]), blocks(all[1]));
}

TEST_F(RoundsTest, WhoeverIsDecidedLeavesAndTheOthersGoOn) {
  // Whether b and c differ stays open; both are far from a.
  options_.precision_target = 1e-6;
  options_.budget_s = 20;
  Script varies = takes(0.01);
  varies.jitter = 0.02;
  const auto all = measure({takes(0.03), varies, takes(0.01)});
  EXPECT_EQ(all[0].measured.stopped, Stop::kDecided);
  EXPECT_LT(all[0].measured.blocks, all[1].measured.blocks);
  EXPECT_EQ(ended_.front(), 'a');
}

TEST_F(RoundsTest, WhatIsKnownOfWhoHasLeftStaysKnown) {
  // As in a run, where what was measured of it becomes its result.
  std::vector<Measured> results;
  const ParticipantEnded take = [&](Participant& participant) {
    results.push_back(std::move(participant.measured));
  };
  options_.precision_target = 1e-6;
  Script open = takes(0.1);  // keeps a until it ends; c has left by then
  open.jitter = 0.05;
  std::vector<Participant> all =
      participants(stage_, {takes(0.1), ends(open, "turn", 20), takes(0.11)});
  Rounds(options_, surroundings_, progress_, take).measure(all, all.size(), false);
  EXPECT_LT(results.front().blocks, 20);
  EXPECT_EQ(results.back().stopped, Stop::kDecided);
  EXPECT_EQ(results.back().blocks, 21);
}

TEST_F(RoundsTest, WhatIsFarSlowerLeavesAfterAFewBlocksWithoutARestart) {
  Script near = takes(0.1), nearer = takes(0.102), far = takes(0.2);
  near.start_s = nearer.start_s = far.start_s = 4;
  const auto all = measure({near, nearer, far});
  EXPECT_EQ(all[2].measured.stopped, Stop::kDecided);
  EXPECT_LE(all[2].measured.blocks, 6);
  EXPECT_EQ(all[2].measured.starts, Starts{0});
  EXPECT_GE(all[0].measured.starts.size(), 4U);
  EXPECT_EQ(all[0].measured.starts, all[1].measured.starts);
  EXPECT_EQ(all[1].measured.stopped, Stop::kPrecise);  // within 3 %
}

// Every second process has disturbed blocks alone. Seven others show what processes differ by.
TEST_F(RoundsTest, AStartOfWhichNothingIsLeftDecidesNothing) {
  options_.precision_target = 1e-6;
  Script busy = takes(0.1015);
  for (size_t block = 2; block < 100; block += 4) busy.disturbed.insert({block, block + 1});
  const auto all = measure({busy, takes(0.1)});
  EXPECT_EQ(all[0].measured.stopped, Stop::kDecided);
  std::set<int64_t> counted;
  for (const int64_t block : blocks(all[0])) counted.insert(block / 2);
  EXPECT_EQ(counted.size(), 7U);
  EXPECT_EQ(all[0].measured.starts.size(), 2 * counted.size() - 1);
}

TEST_F(RoundsTest, WhatComputesInMillisecondsIsRestartedThoughItIsFar) {
  const auto all = measure({takes(0.005), takes(0.01)});
  EXPECT_EQ(all[1].measured.starts.size(), static_cast<size_t>(all[1].measured.blocks));
}

TEST_F(RoundsTest, TheOrderOfTheSlowerOnesIsDecidedOnlyWhenAskedFor) {
  const std::vector<Script> scripts{takes(0.01), takes(0.02), takes(0.0205)};
  const auto quick = measure(scripts);
  EXPECT_LE(quick[2].measured.blocks, 6);
  options_.whole_order = true;
  options_.precision_target = 0.01;
  const auto whole = measure(scripts);
  EXPECT_GE(whole[2].measured.blocks, 10);
  EXPECT_LE(whole[0].measured.blocks, 6);  // which is decided against both
}

TEST_F(RoundsTest, EndWithTheBudgetOfEachEngine) {
  options_.budget_s = 5;
  Script busy = takes(0.01);  // nothing can be decided
  busy.always_disturbed = true;
  const auto all = measure({busy, busy});
  EXPECT_EQ(all[0].measured.stopped, Stop::kBudget);
  EXPECT_EQ(all[0].measured.blocks, 25);  // 0.2 s per turn
  EXPECT_EQ(all[0].measured.blocks_disturbed, 25);
  EXPECT_EQ(all[0].measured.samples.size(), 250U);  // all, for most were disturbed
}

TEST_F(RoundsTest, OnlyUndisturbedBlocksAreKeptWhereMostAre) {
  Script busy = takes(0.01);
  busy.disturbed = {2, 5};
  const auto all = measure({busy, takes(0.0105)});
  for (const Participant& participant : all) {
    EXPECT_EQ(participant.measured.blocks_disturbed, 2);
    const auto kept = participant.measured.blocks - 2;
    EXPECT_EQ(static_cast<int64_t>(blocks(participant).size()), kept);
    EXPECT_DOUBLE_EQ(participant.measured.noise.window_s, 0.2 * static_cast<double>(kept));
    EXPECT_DOUBLE_EQ(participant.measured.cpu_s, 0.2 * static_cast<double>(kept));
  }
}

TEST_F(RoundsTest, SamplesCountFromTheFirstMeasurementOfTheRun) {
  repeat(16);
  const auto all = measure({takes(0.01), takes(0.02)});
  EXPECT_EQ(all[0].measured.samples.front().start_s, 0);
  EXPECT_NEAR(all[1].measured.samples.front().start_s, 0.2, 1e-9);
}

TEST_F(RoundsTest, EnginesAreRestartedEveryTwoBlocks) {
  repeat(6);
  const auto all = measure({takes(0.01), takes(0.01)});
  for (const Participant& participant : all) {
    EXPECT_EQ(participant.measured.starts, (Starts{0, 2, 4}));
  }
  EXPECT_EQ(stage_.who("restart"), "abab");
}

TEST_F(RoundsTest, NoRestartAfterTheBudgetForThem) {
  repeat(40);
  options_.budget_s = 5;
  Script slow = takes(0.01);
  slow.start_s = 2.4;
  const auto all = measure({slow});
  EXPECT_EQ(all[0].measured.starts.size(), 4U);  // the first, and 2.4, 4.8 and 7.2 s
  EXPECT_GE(all[0].measured.starts[1], 4);       // spread over the blocks
  options_.budget_s = 2;
  EXPECT_EQ(measure({slow})[0].measured.starts.size(), 1U);
}

TEST_F(RoundsTest, NoEngineIsRestartedWhereMemoryMightNotHoldIt) {
  repeat(6);
  stage_.free_memory_bytes = 50;  // needs 100
  EXPECT_EQ(measure({takes(0.01)})[0].measured.starts, Starts{0});
}

TEST_F(RoundsTest, AnEngineThatEndsInAnyStepIsReportedAndTheOthersGoOn) {
  for (const std::string step : {"turn", "verify", "restart"}) {
    for (const size_t call : {0U, 1U, 2U}) {
      for (const bool counted : {true, false}) {
        if (counted) {
          repeat(16);
        } else {
          options_.mode = LatencyOptions();
        }
        ended_.clear();
        const auto all =
            measure({ends(takes(0.01), step, call, OutcomeKind::kTimedOut), takes(0.02)});
        EXPECT_EQ(all[0].outcome.kind, OutcomeKind::kTimedOut) << step << call;
        EXPECT_FALSE(all[0].engine);
        EXPECT_TRUE(all[0].measured.samples.empty());
        EXPECT_EQ(all[0].facts.peak_rss_bytes, 100);
        EXPECT_TRUE(all[1].outcome.ok());
        EXPECT_FALSE(all[1].measured.samples.empty());
        EXPECT_EQ(ended_, "ab");
      }
    }
  }
}

TEST_F(RoundsTest, AnEngineAloneThatEndsIsReported) {
  repeat(16);
  EXPECT_FALSE(measure({ends(takes(0.01), "restart", 0)})[0].outcome.ok());
  EXPECT_FALSE(measure({ends(takes(0.01), "turn", 0)})[0].outcome.ok());
  options_.mode = LatencyOptions();
  EXPECT_FALSE(measure({ends(takes(0.01), "restart", 0)})[0].outcome.ok());
  EXPECT_EQ(ended_, "aaa");
}

TEST_F(RoundsTest, AWrongAnswerInTheLastCheckIsNoResult) {
  repeat(16);
  const auto all = measure({ends(takes(0.01), "verify", 5, OutcomeKind::kWrongOutput)});
  EXPECT_EQ(all[0].outcome.kind, OutcomeKind::kWrongOutput);
  EXPECT_TRUE(all[0].measured.samples.empty());
}

TEST_F(RoundsTest, TheFirstStaysForTheNextGroupWithItsBlocks) {
  repeat(20);
  std::vector<Participant> group = participants(stage_, {takes(0.01), takes(0.02)});
  rounds_.measure(group, 3, true);
  ASSERT_TRUE(group[0].engine);
  EXPECT_FALSE(group[1].engine);
  EXPECT_EQ(ended_, "b");
  std::vector<Participant> others = participants(stage_, {takes(0.03)});
  group[1] = std::move(others[0]);
  rounds_.measure(group, 3, false);
  EXPECT_EQ(group[0].measured.samples.size(), 40U);
  EXPECT_EQ(group[1].measured.samples.size(), 20U);
  EXPECT_EQ(*blocks(group[1]).begin(), *blocks(group[0]).begin() + 16);
  EXPECT_EQ(group[1].measured.starts.front(), 16);
}

TEST_F(RoundsTest, AnInterruptEndsTheTurnAndKeepsWhatWasMeasured) {
  stage_.interrupt_at_s = stage_.now_s + 0.5;  // in the third turn; no restart before it
  const auto all = measure({takes(0.05), takes(0.06)});
  EXPECT_EQ(stage_.who("turn"), "abb");
  EXPECT_EQ(ended_, "ab");
  for (const Participant& participant : all) {
    EXPECT_TRUE(participant.outcome.ok());
    EXPECT_EQ(participant.measured.stopped, Stop::kInterrupted);
    EXPECT_FALSE(participant.measured.samples.empty());
    EXPECT_FALSE(participant.engine);
  }
  EXPECT_EQ(stage_.who("verify").back(), 'b');  // the last turn, too
}

TEST_F(RoundsTest, AnInterruptBeforeTheFirstTurnOfAnEngineLeavesNoResultOfIt) {
  stage_.interrupt_at_s = stage_.now_s + 0.1;  // in the first turn
  const auto all = measure({takes(0.01), takes(0.02)});
  EXPECT_EQ(stage_.who("turn"), "a");
  EXPECT_EQ(ended_, "a");
  EXPECT_FALSE(all[1].engine);
}

TEST_F(RoundsTest, WithRepeatAnInterruptEndsItToo) {
  repeat(1000);
  stage_.interrupt_at_s = stage_.now_s + 3;
  const auto all = measure({takes(0.01)});
  EXPECT_EQ(all[0].measured.stopped, Stop::kInterrupted);
  EXPECT_GT(all[0].measured.samples.size(), 0U);
  EXPECT_LT(all[0].measured.samples.size(), 1000U);
}

}  // namespace
}  // namespace dnnbench
