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
  for (const Change change : {Change::kNoFigure, Change::kNew, Change::kFixed}) {
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

ComparedFolders with_figures(const std::vector<RunToRun>& figures) {
  ComparedFolders compared;
  for (const RunToRun& known : figures) {
    Compared row = folders_of(Change::kUndecided, {0.9, 1.1}).rows[0];
    row.label = std::string(1, static_cast<char>('a' + compared.rows.size()));
    row.in_turns = false;
    row.run_to_run = known;
    compared.rows.push_back(row);
  }
  return compared;
}

TEST(ComparisonText, SaysWhatTheIntervalsIncludeAndWhereItIsFrom) {
  const auto text = [](const std::vector<RunToRun>& figures) {
    const std::string all = comparison_text(with_figures(figures), {{}, {}, kUnlimitedWidth});
    return all.substr(all.find("Not measured in turns: "));
  };
  EXPECT_EQ(text({{1.02, 5, "2026-11-20T10:00:00Z"}}),
            "Not measured in turns: the intervals include 2% that two runs on the machine differ "
            "by, from 5 repeated runs since 2026-11-20.\n");
  EXPECT_EQ(text({{1.02, 5, "2026-11-20T10:00:00Z"}, {1.04, 9}}),
            "Not measured in turns: the intervals include 2 to 4% that two runs on the machine "
            "differ by, from 5 to 9 repeated runs.\n");
  const std::string mixed = text({{1.02, 5}, {1.1, 7, "", true}, {}});
  EXPECT_NE(mixed.find("from 5 repeated runs for a; "), std::string::npos) << mixed;
  EXPECT_NE(mixed.find("10% that two runs on the machine differ by, from 7 repeated runs of other "
                       "models, engines or settings for b; "),
            std::string::npos)
      << mixed;
  EXPECT_NE(mixed.find("35% that two runs may differ by, a default for a machine of which nothing "
                       "is known"),
            std::string::npos)
      << mixed;
}

}  // namespace
}  // namespace dnnbench
