#include "prepare/size_expression.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

std::optional<int64_t> sizes(const std::string& symbol) {
  if (symbol == "s0") return 6;
  if (symbol == "past") return 16;
  if (symbol == "seq.len:0") return 128;
  return std::nullopt;
}

std::optional<int64_t> value_of(const std::string& text) {
  const auto expression = SizeExpression::parse(text);
  return expression ? expression->evaluate(sizes) : std::nullopt;
}

TEST(SizeExpressionTest, Arithmetic) {
  EXPECT_EQ(value_of("2*s0"), 12);
  EXPECT_EQ(value_of("s0 - 1"), 5);
  EXPECT_EQ(value_of("past + seq.len:0"), 144);
  EXPECT_EQ(value_of("(s0 + 1)//2 + 1"), 4);
  EXPECT_EQ(value_of("floor(s0/4)"), 1);
  EXPECT_EQ(value_of("s0 - 2*past"), -26);
  EXPECT_EQ(value_of("(s0 - 7)/2"), -1);  // rounded down
  EXPECT_EQ(value_of("s0 - 2 - 1"), 3);
}

TEST(SizeExpressionTest, NamesAndOtherTextsAreNone) {
  for (const char* text : {"", "?", "batch", "12", "1 + 2", "batch size", "s0 +", "(s0", "s0)", "+",
                           "2*-3", "seq<=128", "s0**2"}) {
    EXPECT_FALSE(SizeExpression::parse(text)) << text;
  }
  EXPECT_FALSE(SizeExpression::parse(std::string(1000, '(') + "s0 + 1"));
}

TEST(SizeExpressionTest, WhatIsUnknownOrTooLargeHasNoValue) {
  EXPECT_EQ(value_of("other + 1"), std::nullopt);
  EXPECT_EQ(value_of("s0//(s0 - 6)"), std::nullopt);
  EXPECT_EQ(value_of("s0*9223372036854775807"), std::nullopt);
}

TEST(SizeExpressionTest, IsSolvedForASymbol) {
  EXPECT_EQ(SizeExpression::parse("2*s0")->solve("s0", 8, sizes), 4);
  EXPECT_EQ(SizeExpression::parse("2*s0")->solve("s0", 7, sizes), std::nullopt);
  EXPECT_EQ(SizeExpression::parse("s0 - 1")->solve("s0", 9, sizes), 10);
  EXPECT_EQ(SizeExpression::parse("past + other")->solve("other", 20, sizes), 4);
  EXPECT_EQ(SizeExpression::parse("past + other")->solve("other", 15, sizes), std::nullopt);
}

TEST(SizeExpressionTest, KnowsItsPartsAndOffsets) {
  const auto expression = SizeExpression::parse("2*s0 + past");
  EXPECT_EQ(expression->symbols(), (std::set<std::string>{"past", "s0"}));
  EXPECT_FALSE(expression->has_offset());
  EXPECT_TRUE(expression->has_number());
  EXPECT_TRUE(SizeExpression::parse("s0 - 1")->has_offset());
}

}  // namespace
}  // namespace dnnbench
