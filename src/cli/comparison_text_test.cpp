#include "cli/comparison_text.h"

#include <gtest/gtest.h>

#include "cli/commands.h"

namespace dnnbench {
namespace {

TEST(ComparisonText, GivesNoRatioOfWhatTookNoTurnsWithEachOther) {
  ComparedFolders compared;
  Compared row;
  row.label = "a: 1.0 -> 1.1";
  row.before_s = 0.010;
  row.after_s = 0.020;
  row.change = Change::kNotCompared;
  row.in_turns = true;
  compared.rows = {row};
  const std::string text =
      comparison_text(compared, {Percentage{"5%", 0.05}, RunLength{20, {}}, 200});
  EXPECT_EQ(text.find("1.00x"), std::string::npos) << text;
  EXPECT_EQ(text.find("--budget"), std::string::npos) << text;
  EXPECT_NE(text.find("not compared"), std::string::npos) << text;
  EXPECT_NE(comparison_csv(compared).find(",,,,not compared"), std::string::npos)
      << comparison_csv(compared);
}

ComparedFolders folders_of(Change change, const Interval& interval, bool has_times = true) {
  Compared row;
  row.label = "a";
  row.change = change;
  row.in_turns = true;
  row.ratio.value = (interval.low + interval.high) / 2;
  row.ratio.interval = interval;
  if (has_times) row.before_s = row.after_s = 0.01;
  ComparedFolders compared;
  compared.rows = {row};
  return compared;
}

TEST(ComparisonText, AGateThatComparedNothingIsNotPassed) {
  const Percentage limit{"5%", 0.05};
  for (const Change change : {Change::kNoFigure, Change::kNew, Change::kMended}) {
    const ComparedFolders nothing = folders_of(change, {0, 1}, false);
    EXPECT_EQ(gate_exit_code(nothing, limit), kExitCantTell);
    const std::string text = comparison_text(nothing, {limit, {}, 200});
    EXPECT_EQ(text.find("None is slower"), std::string::npos) << text;
    EXPECT_EQ(gate_exit_code(nothing, {}), kExitOk);
  }
  ComparedFolders with_a_tie = folders_of(Change::kNoFigure, {0, 1}, false);
  with_a_tie.rows.push_back(folders_of(Change::kTie, {0.995, 1.005}).rows[0]);
  EXPECT_EQ(gate_exit_code(with_a_tie, limit), kExitOk);
}

TEST(ComparisonText, PromisesNoLessThanTheTieZone) {
  const ComparedFolders tie = folders_of(Change::kTie, {1.002, 1.009});
  const std::string text = comparison_text(tie, {Percentage{"0%", 0}, {}, 200});
  EXPECT_NE(text.find("None is slower by more than 1% (less is never reported)."),
            std::string::npos)
      << text;
}

// The reason is there once, and no run is proposed.
TEST(ComparisonText, WhatNoRunWouldDecideHasItsReasonAlone) {
  ComparedFolders compared = folders_of(Change::kNotCompared, {0, 1}, false);
  compared.rows[0].reason = "not compared, because of this";
  const std::string text = comparison_text(compared, {Percentage{"5%", 0.05}, {}, 200});
  EXPECT_NE(text.find("because of this"), std::string::npos) << text;
  EXPECT_EQ(text.find("undecided: "), std::string::npos) << text;
}

}  // namespace
}  // namespace dnnbench
