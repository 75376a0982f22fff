#include "cli/layout.h"

#include <gtest/gtest.h>

#include "cli/terminal.h"

namespace dnnbench {
namespace {

Table machines() {
  return {{{"name", "name", Align::kLeft},
           {"time", "time_s"},
           {"size", "bytes", Align::kRight, 2},
           {"", "low_s"},
           {"note", "note", Align::kLeft, 1}},
          {{"a", {"1.50 s", 1.5}, {"3 B", 3.0}, {"", 1.25}, "x|y, \"z\""},
           {"long name", {"-", std::nullopt}, {"-", std::nullopt}, {"", std::nullopt}, ""}}};
}

TEST(TableText, ShowsAllColumnsWhereTheyFit) {
  EXPECT_EQ(table_text(machines(), kUnlimitedWidth),
            "name         time  size  note\n"
            "a          1.50 s   3 B  x|y, \"z\"\n"
            "long name       -     -\n");
}

TEST(TableText, DropsColumnsInTheirOrderAndSaysWhich) {
  EXPECT_EQ(table_text(machines(), 32),
            "name         time  size\n"
            "a          1.50 s   3 B\n"
            "long name       -     -\n"
            "Not shown: note; --wide shows\nall.\n");
  EXPECT_EQ(table_text(machines(), 18),
            "name         time\n"
            "a          1.50 s\n"
            "long name       -\n"
            "Not shown: note,\nsize; --wide shows\nall.\n");
}

TEST(TableText, IsALinePerCellWhereNothingElseFits) {
  EXPECT_EQ(table_text(machines(), 16)
                .find("a\n  time: 1.50 s\n  size: 3 B\n  note: x|y, \"z\"\nlong name\n  time: -\n  "
                      "size: -\n"),
            0U);
}

TEST(TableText, CountsCharactersNotBytes) {
  const Table table{{{"name", "", Align::kLeft}, {"n", ""}}, {{"\u00e9", "1"}, {"ab", "2"}}};
  EXPECT_EQ(table_text(table, kUnlimitedWidth), "name  n\n\u00e9     1\nab    2\n");
}

TEST(TableExports, HaveFiguresInFullAndAllColumns) {
  EXPECT_EQ(table_csv(machines()),
            "name,time_s,bytes,low_s,note\n"
            "a,1.5,3,1.25,\"x|y, \"\"z\"\"\"\n"
            "long name,,,,\n");
  EXPECT_EQ(table_markdown(machines()),
            "| name | time | size | note |\n"
            "|---|---:|---:|---|\n"
            "| a | 1.50 s | 3 B | x\\|y, \"z\" |\n"
            "| long name | - | - |  |\n");
  const std::string json = table_json(machines());
  EXPECT_NE(json.find("\"time_s\": 1.5,\n    \"bytes\": 3,\n    \"low_s\": 1.25,"),
            std::string::npos)
      << json;
  EXPECT_NE(json.find("\"time_s\": null"), std::string::npos);
}

TEST(Wrapped, BreaksAtSpacesOnly) {
  EXPECT_EQ(wrapped("one two three\nfour", 8), "one two\nthree\nfour");
  EXPECT_EQ(wrapped("  one two three\n", 9), "  one two\n  three\n");
  EXPECT_EQ(wrapped("unbreakable\n", 4), "unbreakable\n");
  EXPECT_EQ(wrapped("one two", kUnlimitedWidth), "one two");
}

TEST(LeftAligned, PadsAllButTheLastCell) {
  EXPECT_EQ(left_aligned({{"a", "b", "c"}, {"öö", "b", "longer"}}),
            "a   b  c\n"
            "öö  b  longer\n");
}

}  // namespace
}  // namespace dnnbench
