#include "semantics/slices.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "core/error.h"

namespace dnnbench::semantics {
namespace {

TEST(Slices, BelongToTheirAxes) {
  const auto first = make_slices({1, 2}, {3, 4}, {}, {}, 3);
  EXPECT_EQ(first[1].axis, 1);
  EXPECT_EQ(first[1].start, 2);
  EXPECT_EQ(first[1].end, 4);
  EXPECT_EQ(first[1].step, 1);
  EXPECT_EQ(make_slices({1}, {3}, {-1}, {2}, 3)[0].axis, 2);
  EXPECT_THROW(make_slices({1}, {3}, {3}, {}, 3), Unsupported);
  EXPECT_THROW(make_slices({1}, {3}, {0}, {0}, 3), Unsupported);
  EXPECT_THROW(make_slices({1}, {3, 4}, {}, {}, 3), Unsupported);
}

TEST(EqualParts, LeaveTheLastOnesSmaller) {
  EXPECT_EQ(equal_parts(6, 3), (std::vector<int64_t>{2, 2, 2}));
  EXPECT_EQ(equal_parts(7, 3), (std::vector<int64_t>{3, 3, 1}));
  EXPECT_EQ(equal_parts(2, 4), (std::vector<int64_t>{1, 1, 0, 0}));
}

TEST(ShapeSlice, LiesWithinTheRank) {
  const auto bounds = [](std::map<std::string, int64_t> attributes) {
    import::Node node;
    for (const auto& [name, value] : attributes) node.attributes[name].i = value;
    const Slice slice = shape_slice(node, 4);
    return std::pair(slice.start, slice.end);
  };
  EXPECT_EQ(bounds({}), std::pair(int64_t{0}, int64_t{4}));
  EXPECT_EQ(bounds({{"start", -3}, {"end", -1}}), std::pair(int64_t{1}, int64_t{3}));
  EXPECT_EQ(bounds({{"start", -9}, {"end", 9}}), std::pair(int64_t{0}, int64_t{4}));
  EXPECT_EQ(bounds({{"start", 3}, {"end", 1}}), std::pair(int64_t{3}, int64_t{3}));
}

// ONNX Runtime 1.31.1 returns the first element for a start of -7, an end of -8 and a step of -3.
TEST(Slices, BeginAtTheFirstElementAtTheEarliest) {
  EXPECT_EQ(as_numpy({0, -7, -8, -3}, 5).start, -5);
  EXPECT_EQ(as_numpy({0, -2, -8, -3}, 5).start, -2);
  EXPECT_EQ(as_numpy({0, 7, -8, -3}, 5).start, 7);
}

}  // namespace
}  // namespace dnnbench::semantics
