#include "semantics/elementwise.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench::semantics {
namespace {

import::Node node_of(const std::string& op, int64_t opset) {
  import::Node node;
  node.op = op;
  node.opset = opset;
  return node;
}

import::Node add(int64_t opset, std::optional<int64_t> axis, int64_t broadcast = 1) {
  import::Node node = node_of("Add", opset);
  node.attributes["broadcast"].i = broadcast;
  if (axis) node.attributes["axis"].i = *axis;
  return node;
}

TEST(SecondOperand, BeginsAtAnAxisBeforeOpset7) {
  for (const int64_t opset : {1, 5, 6}) {
    ASSERT_TRUE(places_second_operand(add(opset, 1)));
    EXPECT_EQ(axes_behind_second(add(opset, 1), 4, 2), 1);
    EXPECT_EQ(axes_behind_second(add(opset, 0), 4, 1), 3);
    EXPECT_EQ(axes_behind_second(add(opset, -2), 4, 1), 1);
    EXPECT_EQ(axes_behind_second(add(opset, 2), 4, 2), 0);
    EXPECT_EQ(axes_behind_second(add(opset, 0), 4, 0), 4);
  }
  EXPECT_FALSE(places_second_operand(add(7, 1)));
}

TEST(SecondOperand, LiesAlongTheLastAxesWithoutAnAxisOrBroadcasting) {
  EXPECT_FALSE(places_second_operand(add(6, {})));
  EXPECT_FALSE(places_second_operand(add(6, 1, 0)));
  import::Node foreign = add(1, 1);
  foreign.domain = "com.microsoft";
  EXPECT_FALSE(places_second_operand(foreign));
}

TEST(SecondOperand, MustFit) {
  EXPECT_THROW(axes_behind_second(add(6, 3), 4, 2), Unsupported);
  EXPECT_THROW(axes_behind_second(add(6, 4), 4, 1), Unsupported);
}

TEST(SecondOperand, IsTheChannelsSlopeOfPReluBeforeOpset7) {
  for (const int64_t opset : {1, 5, 6}) {
    const import::Node prelu = node_of("PRelu", opset);
    ASSERT_TRUE(places_second_operand(prelu));
    EXPECT_EQ(axes_behind_second(prelu, 4, 1), 2);
    EXPECT_EQ(axes_behind_second(prelu, 3, 1), 1);
    EXPECT_EQ(axes_behind_second(prelu, 2, 1), 0);
    EXPECT_EQ(axes_behind_second(prelu, 1, 1), 0);
    EXPECT_EQ(axes_behind_second(prelu, 4, 3), 0);
  }
  EXPECT_FALSE(places_second_operand(node_of("PRelu", 7)));
}

TEST(Selu, HasShorterConstantsBeforeOpset6) {
  for (const int64_t opset : {1, 5}) {
    EXPECT_EQ(read_selu(node_of("Selu", opset)).alpha, 1.6732);
    EXPECT_EQ(read_selu(node_of("Selu", opset)).gamma, 1.0507);
  }
  for (const int64_t opset : {6, 22}) {
    EXPECT_EQ(read_selu(node_of("Selu", opset)).alpha, 1.67326319217681884765625);
    EXPECT_EQ(read_selu(node_of("Selu", opset)).gamma, 1.05070102214813232421875);
  }
  import::Node given = node_of("Selu", 1);
  given.attributes["alpha"].f = 2;
  given.attributes["gamma"].f = 3;
  EXPECT_EQ(read_selu(given).alpha, 2);
  EXPECT_EQ(read_selu(given).gamma, 3);
}

}  // namespace
}  // namespace dnnbench::semantics
