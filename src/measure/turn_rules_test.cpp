#include "measure/turn_rules.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

TEST(TurnRules, ChecksGetSeldomer) {
  std::vector<size_t> checked;
  for (size_t number = 0; number < 40; ++number) {
    if (is_verified_after(number)) checked.push_back(number);
  }
  EXPECT_EQ(checked, (std::vector<size_t>{0, 1, 3, 7, 15, 31}));
}

TEST(TurnRules, AllCountWhereMoreThanHalfWereDisturbed) {
  const auto is_negative = [](int value) { return value < 0; };
  using Ints = std::vector<int>;
  EXPECT_EQ(undisturbed_or_all(Ints{1, -2, 3}, is_negative), (Ints{1, 3}));
  EXPECT_EQ(undisturbed_or_all(Ints{1, -2}, is_negative), Ints{1});
  EXPECT_EQ(undisturbed_or_all(Ints{1, -2, -3}, is_negative), (Ints{1, -2, -3}));
  EXPECT_EQ(undisturbed_or_all(Ints{}, is_negative), Ints{});
}

}  // namespace
}  // namespace dnnbench
