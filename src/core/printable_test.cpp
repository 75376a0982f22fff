#include "core/printable.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

TEST(Printable, MakesControlCharactersSpaces) {
  EXPECT_EQ(printable("a\nb\tc\x1b[31md\x7f"), "a b c [31md ");
}

TEST(Printable, MakesC1AndDirectionMarksSpaces) {
  EXPECT_EQ(printable("a\u009b31mb"), "a 31mb");
  EXPECT_EQ(printable("a\u202eb\u2066c\u2028d\u200fe"), "a b c d e");
}

TEST(Printable, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(printable("a\xff"
                      "b"),
            "a\uFFFDb");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // a lone surrogate
  EXPECT_EQ(printable("\xc0\xaf"), "\uFFFD\uFFFD");            // an overlong slash
  EXPECT_EQ(printable("\xe6\xb0"), "\uFFFD\uFFFD");            // cut off
}

TEST(IsUtf8, OfWhatIsAndWhatIsNot) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("modèle\n水"));
  EXPECT_FALSE(is_utf8("mod\xe8le"));
  EXPECT_FALSE(is_utf8("\xe6\xb0"));
}

TEST(Printable, LeavesEveryOtherCharacter) {
  EXPECT_EQ(printable("modèle \"x\" [1,3] 水"), "modèle \"x\" [1,3] 水");
  EXPECT_EQ(printable(""), "");
}

}  // namespace
}  // namespace dnnbench
