#include "semantics/softmax.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench::semantics {
namespace {

import::Node softmax(int64_t opset, std::optional<int64_t> axis = {}) {
  import::Node node;
  node.op = "Softmax";
  node.opset = opset;
  if (axis) node.attributes["axis"].i = *axis;
  return node;
}

void expect(const import::Node& node, std::optional<size_t> rank, int64_t axis, bool flattens) {
  const Softmax read = read_softmax(node, rank);
  EXPECT_EQ(read.axis, axis);
  EXPECT_EQ(read.flattens, flattens);
}

TEST(Softmax, IsAlongOneAxisFromOpset13On) {
  expect(softmax(13), 4, 3, false);
  expect(softmax(13, 1), 4, 1, false);
  expect(softmax(13, -3), 4, 1, false);
}

TEST(Softmax, IsOfAMatrixBefore) {
  expect(softmax(12), 4, 1, true);
  expect(softmax(1, 2), 4, 2, true);
  expect(softmax(11, -2), 4, 2, true);
  expect(softmax(11, 0), 2, 0, true);
  // Of columns of one axis: no other than along it.
  expect(softmax(12), 2, 1, false);
  expect(softmax(11, -1), 4, 3, false);
  expect(softmax(11, 0), 1, 0, false);
}

TEST(Softmax, OfAnUnknownRankIsOnlyAlongOneAxis) {
  expect(softmax(13), {}, -1, false);
  expect(softmax(13, 2), {}, 2, false);
  EXPECT_THROW(read_softmax(softmax(12), {}), Unsupported);
}

TEST(Softmax, RefusesAnAxisOutsideTheRank) {
  EXPECT_THROW(read_softmax(softmax(13, 2), 2), Unsupported);
  EXPECT_THROW(read_softmax(softmax(12), 1), Unsupported);
}

}  // namespace
}  // namespace dnnbench::semantics
