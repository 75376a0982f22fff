#include "measure/memory_groups.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "measure/rounds.h"
#include "measure/scripted_engine.h"

namespace dnnbench {
namespace {

class MemoryGroupsTest : public ::testing::Test {
 protected:
  MemoryGroupsTest() { options_.mode = LatencyOptions{20, 1}; }

  // Ends each participant, whose records come in the order of candidates.
  void measure_all(const std::vector<Script>& scripts, bool use_anchor = true) {
    std::vector<Candidate> candidates(scripts.size());
    std::vector<std::string> labels;
    for (size_t i = 0; i < scripts.size(); ++i) {
      labels.push_back(std::string(1, static_cast<char>('a' + i)));
      candidates[i].backend = labels[i];
    }
    records_.resize(scripts.size());
    const ParticipantEnded ended = [&](Participant& participant) {
      order_ += participant.label;
      records_[participant.index] = {participant.outcome, participant.measured};
    };
    const Surroundings surroundings = stage_.surroundings();
    Rounds rounds(options_, surroundings, progress_, ended);
    GroupParts parts;
    parts.use_anchor = use_anchor;
    parts.make_engine = [&](size_t index) {
      if (index == without_log_) throw Error("could not write the log");
      return std::make_unique<ScriptedEngine>(stage_, labels[index], scripts[index]);
    };
    parts.measure = [&](std::vector<Participant>& group, size_t engines, bool keep_first) {
      std::string names;
      for (const Participant& participant : group) names += participant.label;
      groups_.push_back(names + std::to_string(engines));
      rounds.measure(group, engines, keep_first);
    };
    MemoryGroups groups(candidates, labels, parts, surroundings, progress_, ended);
    groups.measure_all();
    anchor_ = groups.anchor();
  }

  struct Record {
    Outcome outcome;
    Measured measured;
  };

  RunOptions options_;
  Stage stage_;
  SilentProgress progress_;
  std::vector<std::string> groups_;  // "ab3": a and b, of three in the run
  std::string order_;                // in which they ended
  std::vector<Record> records_;
  std::optional<size_t> anchor_;
  std::optional<size_t> without_log_;
};

using Names = std::vector<std::string>;

TEST_F(MemoryGroupsTest, AllAreMeasuredTogetherWhereMemoryHoldsThem) {
  for (const int64_t free : {int64_t{0}, int64_t{1'000'000}}) {  // unknown, plenty
    groups_.clear();
    stage_.free_memory_bytes = free;
    measure_all({{}, {}, {}});
    EXPECT_EQ(groups_, Names{"abc3"});
    EXPECT_FALSE(anchor_);
    EXPECT_TRUE(progress_.notes.empty());
  }
}

TEST_F(MemoryGroupsTest, WhereMemoryIsScarceEveryGroupHasTheAnchor) {
  stage_.free_memory_bytes = 1;
  measure_all({{}, {}, ends({}, "prepare", 0, OutcomeKind::kUnsupported), {}});
  EXPECT_EQ(groups_, (Names{"ab4", "ad3"}));
  EXPECT_EQ(order_, "bcad");
  EXPECT_EQ(anchor_, 0U);
  EXPECT_EQ(progress_.notes,
            Names{"not all engines fit in memory at once: they are measured in groups, each "
                  "with a"});
  EXPECT_EQ(records_[0].measured.samples.size(), 40U);
  EXPECT_EQ(records_[1].measured.samples.size(), 20U);
  EXPECT_EQ(records_[2].outcome.kind, OutcomeKind::kUnsupported);
  EXPECT_EQ(records_[3].measured.samples.size(), 20U);
}

TEST_F(MemoryGroupsTest, UnderTrafficGroupsShareNobody) {
  stage_.free_memory_bytes = 1;
  measure_all({{}, {}, {}}, false);
  EXPECT_EQ(groups_, (Names{"ab3", "c3"}));
  EXPECT_FALSE(anchor_);
}

TEST_F(MemoryGroupsTest, AnAnchorThatEndsLeavesTheOthersTheirFigures) {
  stage_.free_memory_bytes = 1;
  measure_all({ends({}, "turn", 5), {}, {}, {}});
  EXPECT_EQ(groups_, (Names{"ab4", "cd3"}));
  EXPECT_EQ(records_[0].outcome.kind, OutcomeKind::kCrashed);
  for (const size_t i : {1, 2, 3}) EXPECT_EQ(records_[i].measured.samples.size(), 20U);
}

TEST_F(MemoryGroupsTest, AnEngineThatNeedsAllMemoryGetsAnotherChance) {
  // b's first process finds no memory beside a, its second does once a is gone.
  size_t starts = 0;
  std::vector<Candidate> candidates(2);
  const std::vector<std::string> labels{"a", "b"};
  const ParticipantEnded ended = [&](Participant& participant) {
    order_ += participant.label + (participant.outcome.ok() ? "" : "!");
  };
  const Surroundings surroundings = stage_.surroundings();
  Rounds rounds(options_, surroundings, progress_, ended);
  GroupParts parts;
  parts.make_engine = [&](size_t index) {
    Script script;
    if (index == 1 && starts++ == 0) {
      script = ends(script, "prepare", 0, OutcomeKind::kOutOfMemory);
    }
    return std::make_unique<ScriptedEngine>(stage_, labels[index], script);
  };
  parts.measure = [&](std::vector<Participant>& group, size_t engines, bool keep_first) {
    rounds.measure(group, engines, keep_first);
  };
  MemoryGroups(candidates, labels, parts, surroundings, progress_, ended).measure_all();
  EXPECT_EQ(starts, 2U);
  EXPECT_EQ(order_, "ab");
}

TEST_F(MemoryGroupsTest, OneThatFindsNoMemoryAloneIsReported) {
  measure_all({ends({}, "prepare", 0, OutcomeKind::kOutOfMemory), {}});
  EXPECT_EQ(records_[0].outcome.kind, OutcomeKind::kOutOfMemory);
  EXPECT_EQ(groups_, Names{"b1"});
}

TEST_F(MemoryGroupsTest, AnErrorWithALaterEngineIsItsOutcome) {
  without_log_ = 2;
  for (const int64_t free : {int64_t{0}, int64_t{1}}) {  // before all; after a and b were measured
    groups_.clear();
    stage_.free_memory_bytes = free;
    measure_all({{}, {}, {}, {}});
    EXPECT_EQ(groups_, free == 0 ? Names{"abd3"} : (Names{"ab4", "ad3"}));
    EXPECT_EQ(records_[2].outcome.kind, OutcomeKind::kFailed);
    EXPECT_EQ(records_[2].outcome.reason, "could not write the log");
    for (const size_t i : {0, 1, 3}) EXPECT_TRUE(records_[i].outcome.ok());
  }
}

TEST_F(MemoryGroupsTest, AnErrorWithTheFirstEngineEndsTheRun) {
  without_log_ = 0;
  EXPECT_THROW(measure_all({{}, {}}), Error);
}

TEST_F(MemoryGroupsTest, WithoutAnyEngineNothingIsMeasured) {
  measure_all({ends({}, "prepare", 0), ends({}, "prepare", 0)});
  EXPECT_TRUE(groups_.empty());
  EXPECT_EQ(order_, "ab");
}

TEST_F(MemoryGroupsTest, AfterAnInterruptNothingMoreIsLoaded) {
  stage_.interrupt_at_s = stage_.now_s + 1.5;  // while the second is loaded
  measure_all({Script(), Script(), Script()});
  EXPECT_EQ(stage_.who("prepare"), "ab");
  EXPECT_EQ(order_, "");  // no turn was taken
}

}  // namespace
}  // namespace dnnbench
