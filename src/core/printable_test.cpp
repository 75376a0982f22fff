#include "core/printable.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

TEST(Printable, MakesControlCharactersSpaces) {
  EXPECT_EQ(printable("a\nb\tc\x1b[31md\x7f"), "a b c [31md ");
}

TEST(Printable, LeavesEveryOtherCharacter) {
  EXPECT_EQ(printable("modèle \"x\" [1,3] 水"), "modèle \"x\" [1,3] 水");
  EXPECT_EQ(printable(""), "");
}

}  // namespace
}  // namespace dnnbench
