#include "semantics/reductions.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "semantics/axes.h"

namespace dnnbench::semantics {
namespace {

using Axes = std::vector<int64_t>;
using Extent = Reduction::Extent;

import::Node reduce(const std::string& op, int64_t opset) {
  import::Node node;
  node.op = op;
  node.opset = opset;
  return node;
}

import::Node with(import::Node node, const std::string& name, int64_t value) {
  node.attributes[name].i = value;
  return node;
}

import::Node with_axes(import::Node node, const Axes& axes) {
  node.attributes["axes"].ints = axes;
  return node;
}

AxesInput known(const Axes& axes) { return {static_cast<int64_t>(axes.size()), axes}; }

Axes axes_of(const import::Node& node, const std::optional<AxesInput>& input, size_t rank) {
  return reduced_axes(read_reduction(node, input), rank);
}

TEST(Axes, CountFromTheStart) {
  EXPECT_EQ(axis_from_start(2, 3), 2);
  EXPECT_EQ(axis_from_start(-3, 3), 0);
  EXPECT_EQ(axis_from_start(0, 0), 0);
  EXPECT_EQ(axis_from_start(-1, 0), 0);
  EXPECT_THROW(axis_from_start(3, 3), Unsupported);
  EXPECT_THROW(axis_from_start(-4, 3), Unsupported);
  EXPECT_THROW(axis_from_start(1, 0), Unsupported);
}

TEST(Reductions, TakeTheirAxesFromTheAttributeBeforeTheyAreAnInput) {
  EXPECT_EQ(axes_of(with_axes(reduce("ReduceSum", 12), {-1, 0}), {}, 3), (Axes{0, 2}));
  EXPECT_EQ(axes_of(with_axes(reduce("ReduceMean", 17), {1}), {}, 3), (Axes{1}));
  EXPECT_EQ(axes_of(reduce("ReduceSum", 13), known({-1, 0}), 3), (Axes{0, 2}));
  EXPECT_EQ(axes_of(reduce("ReduceMean", 18), known({1}), 3), (Axes{1}));
}

// ONNX Runtime refuses such a model; reading past it would reduce all axes.
TEST(Reductions, OfAnotherOpsetsFormAreRefused) {
  EXPECT_THROW(axes_of(with_axes(reduce("ReduceSum", 13), {1}), {}, 3), Unsupported);
  EXPECT_THROW(axes_of(with_axes(reduce("ReduceMax", 18), {1}), {}, 3), Unsupported);
  EXPECT_THROW(axes_of(reduce("ReduceMax", 13), known({1}), 3), Unsupported);
}

TEST(Reductions, WithoutAxesAreOverAllOrNone) {
  EXPECT_EQ(axes_of(reduce("ReduceMax", 13), {}, 3), (Axes{0, 1, 2}));
  EXPECT_EQ(axes_of(reduce("ReduceMax", 18), {}, 3), (Axes{0, 1, 2}));
  EXPECT_EQ(axes_of(reduce("ReduceMax", 18), known({}), 2), (Axes{0, 1}));
  EXPECT_EQ(axes_of(reduce("ReduceMax", 18), AxesInput{0, {}}, 2), (Axes{0, 1}));
  const import::Node noop = with(reduce("ReduceMax", 18), "noop_with_empty_axes", 1);
  EXPECT_EQ(read_reduction(noop, {}).extent, Extent::kNothing);
  EXPECT_EQ(read_reduction(noop, known({})).extent, Extent::kNothing);
  EXPECT_EQ(read_reduction(noop, AxesInput{0, {}}).extent, Extent::kNothing);
  EXPECT_EQ(axes_of(noop, known({1}), 3), (Axes{1}));
}

TEST(Reductions, KeepTheirAxesUnlessKeepdimsIsZero) {
  EXPECT_TRUE(read_reduction(reduce("ReduceMin", 18), {}).keep_dims);
  EXPECT_FALSE(read_reduction(with(reduce("ReduceMin", 18), "keepdims", 0), {}).keep_dims);
}

TEST(Reductions, MayLearnTheirAxesAtRunTimeWhereThereAreSome) {
  EXPECT_EQ(read_reduction(reduce("ReduceSum", 13), AxesInput{2, {}}).extent,
            Extent::kAxesAtRunTime);
  EXPECT_THROW(read_reduction(reduce("ReduceSum", 13), AxesInput{}), Unsupported);
}

TEST(Reductions, OfAScalarReduceNothing) {
  EXPECT_EQ(axes_of(reduce("ReduceSum", 13), known({0}), 0), Axes{});
  EXPECT_EQ(axes_of(reduce("ReduceSum", 13), known({-1}), 0), Axes{});
  EXPECT_EQ(axes_of(reduce("ReduceSum", 13), {}, 0), Axes{});
}

TEST(Reductions, NameAnAxisOnce) {
  EXPECT_EQ(axes_of(reduce("ReduceSum", 13), known({2, -1, 0}), 3), (Axes{0, 2}));
  EXPECT_THROW(axes_of(reduce("ReduceSum", 13), known({3}), 3), Unsupported);
}

TEST(ExtremeIndices, AreTheFirstOfEqualsOnTheFirstAxis) {
  const ExtremeIndex plain = read_extreme_index(reduce("ArgMax", 11));
  EXPECT_EQ(plain.axis, 0);
  EXPECT_TRUE(plain.keep_dims);
  EXPECT_FALSE(plain.last);
  const ExtremeIndex other = read_extreme_index(
      with(with(with(reduce("ArgMin", 13), "axis", -1), "keepdims", 0), "select_last_index", 1));
  EXPECT_EQ(other.axis, -1);
  EXPECT_FALSE(other.keep_dims);
  EXPECT_TRUE(other.last);
}

}  // namespace
}  // namespace dnnbench::semantics
