#include "compare/gate.h"

#include <gtest/gtest.h>

#include <limits>

namespace dnnbench {
namespace {

const RunLength kLength{20, {}};

Compared row(Change change, double low, double high) {
  Compared row;
  row.change = change;
  row.ratio.value = (low + high) / 2;
  row.ratio.interval = {low, high};
  row.in_turns = true;
  return row;
}

TEST(Gate, IsDecidedByTheEndsOfTheInterval) {
  const Compared slower = row(Change::kSlower, 1.06, 1.10);
  EXPECT_EQ(gate_of(slower, 0.05), Gate::kWorse);
  EXPECT_EQ(gate_of(slower, 0.07), Gate::kCantTell);
  EXPECT_EQ(gate_of(slower, 0.10), Gate::kNoWorse);
  EXPECT_EQ(gate_of(row(Change::kTie, 0.995, 1.009), 0), Gate::kNoWorse);
  EXPECT_EQ(gate_of(row(Change::kFaster, 0.5, 0.6), 0), Gate::kNoWorse);
}

// A version twice as slow once passed as "undecided".
TEST(Gate, WhatIsUndecidedDoesNotPass) {
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  EXPECT_EQ(gate_of(row(Change::kUndecided, 0, kInfinite), 0.05), Gate::kCantTell);
  EXPECT_EQ(gate_of(row(Change::kUndecided, 0.9, 3), 0.05), Gate::kCantTell);
  EXPECT_EQ(gate_of(row(Change::kUndecided, 0.99, 1.04), 0.05), Gate::kNoWorse);
}

TEST(Gate, ASuspectResultNeverPasses) {
  EXPECT_EQ(gate_of(row(Change::kSuspect, 0.5, 0.6), 0.05), Gate::kCantTell);
}

// No budget makes two take turns that memory does not hold at once.
TEST(Gate, WhatTookNoTurnsNeverPassesAndNoBudgetWouldTell) {
  Compared apart = row(Change::kNotCompared, 0, std::numeric_limits<double>::infinity());
  EXPECT_EQ(gate_of(apart, 0.05), Gate::kCantTell);
  EXPECT_EQ(what_would_tell(apart, "5%", 0.05, kLength), "");
  apart.before_s = apart.after_s = 0.01;
  EXPECT_EQ(what_would_tell(apart, "5%", 0.05, kLength),
            "a run of these two alone, or with more free memory, would decide it");
}

TEST(Gate, WhatHasNoFigureAnyMoreIsWorse) {
  EXPECT_EQ(gate_of(row(Change::kBroken, 0, 1), 10), Gate::kWorse);
  EXPECT_EQ(gate_of(row(Change::kMissing, 0, 1), 10), Gate::kWorse);
  for (const Change change : {Change::kFixed, Change::kNew, Change::kNoFigure}) {
    EXPECT_EQ(gate_of(row(change, 0, 1), 0), Gate::kNoWorse);
  }
}

TEST(Gate, ProposesTheRunThatWouldTell) {
  const auto sentence = [](double low, double high) {
    return what_would_tell(row(Change::kUndecided, low, high), "5%", 0.05, kLength);
  };
  // From 1.03 to 1.05 is half of the way to 1.07: a little more than four times as long.
  EXPECT_NE(sentence(0.99, 1.07).find("--budget=100"), std::string::npos) << sentence(0.99, 1.07);
  EXPECT_NE(sentence(1.03, 1.0701).find("too near to 5%"), std::string::npos);
  Compared stored = row(Change::kUndecided, 0.9, 1.2);
  stored.in_turns = false;
  EXPECT_NE(what_would_tell(stored, "5%", 0.05, kLength).find("--against"), std::string::npos);
  EXPECT_NE(what_would_tell(row(Change::kSuspect, 1, 2), "5%", 0.05, kLength).find("idle machine"),
            std::string::npos);
}

// --against has just found nothing to measure in turns.
TEST(Gate, ProposesNoTurnsOfWhatIsTheSame) {
  Compared stored = row(Change::kUndecided, 0.7, 1.4);
  stored.in_turns = false;
  stored.is_the_same = true;
  const std::string sentence = what_would_tell(stored, "5%", 0.05, kLength);
  EXPECT_EQ(sentence.find("--against"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("repeating the same run"), std::string::npos) << sentence;
  stored.run_to_run = {1.06, 15};
  const std::string known = what_would_tell(stored, "5%", 0.05, kLength);
  EXPECT_EQ(known.find("repeating the same run"), std::string::npos) << known;
}

TEST(Gate, ProposesMoreMeasurementsWhereTheyAreCounted) {
  const Compared open = row(Change::kUndecided, 0.99, 1.07);
  const std::string sentence = what_would_tell(open, "5%", 0.05, RunLength{20, 40});
  EXPECT_NE(sentence.find("a run with --repeat=200"), std::string::npos) << sentence;
  EXPECT_EQ(sentence.find("--budget"), std::string::npos) << sentence;
}

TEST(Gate, NamesNoBoundBelowTheTieZone) {
  EXPECT_EQ(allowed("0%", 0), "1% (less is never reported)");
  EXPECT_EQ(allowed("1%", 0.01), "1%");
  const std::string sentence =
      what_would_tell(row(Change::kUndecided, 0.99, 1.04), "0%", 0, kLength);
  EXPECT_EQ(sentence.rfind("1% ", 0), 0U) << sentence;
}

}  // namespace
}  // namespace dnnbench
