#include "cli/comparison_text.h"

#include <gtest/gtest.h>

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
  const std::string text = comparison_text(compared, {Percentage{"5%", 0.05}, 20, 200});
  EXPECT_EQ(text.find("1.00x"), std::string::npos) << text;
  EXPECT_EQ(text.find("--budget"), std::string::npos) << text;
  EXPECT_NE(text.find("not compared"), std::string::npos) << text;
  EXPECT_NE(comparison_csv(compared).find(",,,,not compared"), std::string::npos)
      << comparison_csv(compared);
}

}  // namespace
}  // namespace dnnbench
