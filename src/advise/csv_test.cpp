#include "advise/csv.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench {
namespace {

using Fields = std::vector<std::string>;

TEST(Csv, FieldsMayBeQuoted) {
  const auto rows = parse_csv("a,\"b, \"\"c\"\"\",,d\n");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].fields, (Fields{"a", "b, \"c\"", "", "d"}));
}

TEST(Csv, LinesAreCountedWhateverTheyHold) {
  const auto rows = parse_csv("\xEF\xBB\xBFname,x\r\n\r\n\"two\nlines\",1\r\nlast,2");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].fields, (Fields{"name", "x"}));
  EXPECT_EQ(rows[1].fields, (Fields{"two\nlines", "1"}));
  EXPECT_EQ(rows[1].line, 3U);
  EXPECT_EQ(rows[2].fields, (Fields{"last", "2"}));
  EXPECT_EQ(rows[2].line, 5U);
}

TEST(Csv, AnEmptyTextHasNoRows) {
  EXPECT_TRUE(parse_csv("").empty());
  EXPECT_TRUE(parse_csv("\n\r\n").empty());
}

TEST(Csv, AnOpenQuotationMarkIsNamedWithItsLine) {
  try {
    parse_csv("a,b\nc,\"d\n\n");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the quotation mark in line 2 is never closed");
  }
}

}  // namespace
}  // namespace dnnbench
