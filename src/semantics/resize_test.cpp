#include "semantics/resize.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench::semantics {
namespace {

using Integers = std::vector<int64_t>;

import::Node resize(int64_t opset) {
  import::Node node;
  node.op = "Resize";
  node.opset = opset;
  node.inputs = {"x", "roi", "scales", "sizes"};
  return node;
}

struct Case {
  const char* interpolation;
  const char* coordinates;
  const char* nearest;
  bool exclude_outside;
  bool antialias;
  int64_t size_in;
  float scale;
  std::vector<double> expected;  // of 0, 1, 4, 9, ...
};

// What ONNX Runtime 1.31.1 makes of squares, opset 19; "simple" is opset 10. Regions are 0.2 to
// 0.9.
const std::vector<Case> kCases = {
    {"nearest",
     "half_pixel",
     "round_prefer_floor",
     false,
     false,
     5,
     1.7F,
     {0, 0, 1, 4, 4, 9, 9, 16}},
    {"nearest", "half_pixel", "round_prefer_ceil", false, false, 5, 0.6F, {0, 4, 16}},
    {"nearest", "half_pixel", "floor", false, false, 5, 1.7F, {0, 0, 0, 1, 4, 4, 9, 9}},
    {"nearest", "half_pixel", "ceil", false, false, 5, 0.6F, {1, 4, 16}},
    {"nearest",
     "half_pixel_symmetric",
     "round_prefer_floor",
     false,
     false,
     5,
     1.7F,
     {0, 1, 1, 4, 4, 9, 9, 16}},
    {"nearest", "half_pixel_symmetric", "round_prefer_ceil", false, false, 5, 0.6F, {0, 4, 16}},
    {"nearest", "pytorch_half_pixel", "floor", false, false, 5, 1.7F, {0, 0, 0, 1, 4, 4, 9, 9}},
    {"nearest", "pytorch_half_pixel", "ceil", false, false, 5, 0.6F, {1, 4, 16}},
    {"nearest",
     "align_corners",
     "round_prefer_floor",
     false,
     false,
     5,
     1.7F,
     {0, 1, 1, 4, 4, 9, 9, 16}},
    {"nearest", "align_corners", "round_prefer_ceil", false, false, 5, 0.6F, {0, 4, 16}},
    {"nearest", "align_corners", "floor", false, false, 5, 1.7F, {0, 0, 1, 1, 4, 4, 9, 16}},
    {"nearest", "align_corners", "ceil", false, false, 5, 0.6F, {0, 4, 16}},
    {"nearest",
     "asymmetric",
     "round_prefer_floor",
     false,
     false,
     5,
     1.7F,
     {0, 1, 1, 4, 4, 9, 16, 16}},
    {"nearest", "asymmetric", "round_prefer_ceil", false, false, 5, 0.6F, {0, 4, 9}},
    {"nearest", "asymmetric", "floor", false, false, 5, 1.7F, {0, 0, 1, 1, 4, 4, 9, 16}},
    {"nearest", "asymmetric", "ceil", false, false, 5, 0.6F, {0, 4, 16}},
    {"nearest",
     "tf_half_pixel_for_nn",
     "round_prefer_floor",
     false,
     false,
     5,
     1.7F,
     {0, 1, 1, 4, 9, 9, 16, 16}},
    {"nearest", "tf_half_pixel_for_nn", "round_prefer_ceil", false, false, 5, 0.6F, {1, 9, 16}},
    {"nearest", "tf_half_pixel_for_nn", "floor", false, false, 5, 1.7F, {0, 0, 1, 4, 4, 9, 9, 16}},
    {"nearest", "tf_half_pixel_for_nn", "ceil", false, false, 5, 0.6F, {1, 9, 16}},
    {"linear", "half_pixel", "floor", false, false, 5, 0.6F, {0.333333, 4, 13.6667}},
    {"linear",
     "half_pixel",
     "floor",
     false,
     false,
     5,
     1.7F,
     {0, 0.382353, 0.970588, 2.67647, 4.73529, 7.67647, 11.2647, 15.3824}},
    {"cubic",
     "half_pixel",
     "floor",
     false,
     false,
     5,
     1.3F,
     {-0.0677199, 0.338287, 1.95943, 4.96751, 8.66688, 14.4729}},
    {"cubic",
     "pytorch_half_pixel",
     "floor",
     false,
     false,
     5,
     1.3F,
     {-0.0677199, 0.338287, 1.95943, 4.96751, 8.66688, 14.4729}},
    {"linear", "align_corners", "floor", false, false, 5, 0.6F, {0, 4, 16}},
    {"linear",
     "align_corners",
     "floor",
     false,
     false,
     5,
     1.7F,
     {0, 0.571429, 1.42857, 3.14286, 5.42857, 8.28572, 12, 16}},
    {"cubic", "align_corners", "floor", false, false, 5, 1.3F, {0, 0.536, 2.368, 5.76, 10.712, 16}},
    {"linear", "asymmetric", "floor", false, false, 5, 0.6F, {0, 3, 11.3333}},
    {"linear",
     "asymmetric",
     "floor",
     false,
     false,
     5,
     1.7F,
     {0, 0.588235, 1.52941, 3.29412, 5.76471, 8.70588, 12.7059, 16}},
    {"cubic",
     "asymmetric",
     "floor",
     false,
     false,
     5,
     1.3F,
     {0, 0.48589, 2.21393, 5.42375, 9.6791, 15.1559}},
    {"linear",
     "tf_crop_and_resize",
     "floor",
     false,
     false,
     5,
     1.7F,
     {0.8, 1.6, 2.8, 4, 6, 8, 10.4, 13.2}},
    {"nearest", "tf_crop_and_resize", "floor", false, false, 5, 0.8F, {0, 1, 4, 9}},
    {"cubic",
     "half_pixel",
     "floor",
     true,
     false,
     5,
     1.3F,
     {-0.0748912, 0.319513, 1.95943, 4.96751, 8.66688, 14.6216}},
    {"linear", "half_pixel", "floor", false, true, 9, 0.4F, {1.52, 11.56, 34.24}},
    {"cubic", "half_pixel", "floor", false, true, 9, 0.4F, {0.4829, 10.2064, 34.0006}},
    {"cubic", "half_pixel", "floor", true, true, 9, 0.4F, {0.517024, 10.0171, 35.7786}},
    {"nearest", "asymmetric", "simple", false, false, 5, 0.6F, {0, 4, 16}},
    {"nearest", "asymmetric", "simple", false, false, 6, 0.5F, {0, 4, 16}},
    {"nearest", "asymmetric", "simple", false, false, 6, 1.5F, {0, 0, 1, 4, 4, 9, 16, 16, 25}},
    {"nearest", "asymmetric", "simple", false, false, 7, 0.3F, {0, 16}},
    {"linear", "asymmetric", "simple", false, false, 5, 0.6F, {0, 3, 11.3333}},
};

std::vector<double> resized_squares(const AxisWeights& weights) {
  std::vector<double> result(weights.size());
  for (size_t i = 0; i < weights.indices.size(); ++i) {
    const auto at = static_cast<double>(weights.indices[i]);
    result[i / static_cast<size_t>(weights.taps)] += weights.weights[i] * at * at;
  }
  return result;
}

TEST(AxisWeights, AreOnnxRuntimes) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(std::string(c.interpolation) + " " + c.coordinates + " " + c.nearest);
    ResizeMode mode;
    mode.interpolation = c.interpolation;
    mode.coordinates = c.coordinates;
    mode.nearest = c.nearest;
    mode.exclude_outside = c.exclude_outside;
    mode.antialias = c.antialias;
    const ResizeTargets targets{{c.scale}, {}, {0.2, 0.9}};
    const auto axes = resize_axes(resize(19), mode, {c.size_in}, targets);
    ASSERT_TRUE(axes.has_value());
    const std::vector<double> squares = resized_squares(axis_weights(mode, axes->at(0)));
    ASSERT_EQ(squares.size(), c.expected.size());
    for (size_t i = 0; i < squares.size(); ++i) EXPECT_NEAR(squares[i], c.expected[i], 1e-4);
  }
}

TEST(AxisWeights, SayWhatLiesOutsideTheRegion) {
  ResizeMode mode;
  mode.coordinates = "tf_crop_and_resize";
  EXPECT_EQ(axis_weights(mode, {4, 3, 0.75F, -1, 0.5}).outside,
            (std::vector<bool>{true, true, false}));
}

TEST(ReadResizeMode, FollowsTheOpset) {
  import::Node node = resize(10);
  EXPECT_EQ(read_resize_mode(node).coordinates, "asymmetric");
  EXPECT_EQ(read_resize_mode(node).nearest, "simple");
  node.opset = 11;
  EXPECT_EQ(read_resize_mode(node).coordinates, "half_pixel");
  EXPECT_EQ(read_resize_mode(node).nearest, "round_prefer_floor");
}

TEST(ReadResizeMode, RefusesWhatItDoesNotKnow) {
  for (const char* attribute : {"mode", "coordinate_transformation_mode", "nearest_mode"}) {
    import::Node node = resize(13);
    node.attributes[attribute].s = "frobnicate";
    EXPECT_THROW(read_resize_mode(node), Unsupported) << attribute;
  }
}

std::vector<ResizedAxis> by(const std::vector<float>& scales) {
  std::vector<ResizedAxis> axes;
  for (const float scale : scales) {
    axes.push_back({.size_in = 12, .size_out = static_cast<int64_t>(12 * scale), .scale = scale});
  }
  return axes;
}

TEST(RequireSameIntegers, RefusesWhatAnotherOrderOfRoundingMakesAnotherInteger) {
  ResizeMode linear{.interpolation = "linear"};
  EXPECT_NO_THROW(require_same_integers(linear, by({1, 1, 2, 0.5F})));
  EXPECT_NO_THROW(require_same_integers(linear, by({1, 1, 3, 1})));
  EXPECT_THROW(require_same_integers(linear, by({1, 1, 3, 2})), Unsupported);
  EXPECT_THROW(require_same_integers(linear, by({1, 2, 2, 1})), Unsupported);  // channels last
  EXPECT_NO_THROW(require_same_integers(linear, by({2, 2})));
  EXPECT_THROW(require_same_integers(linear, std::nullopt), Unsupported);
  EXPECT_NO_THROW(require_same_integers({}, std::nullopt));  // nearest
  linear.antialias = true;
  EXPECT_THROW(require_same_integers(linear, by({1, 1, 2, 1})), Unsupported);
}

TEST(ResizeInputs, FollowTheOpset) {
  EXPECT_EQ(resize_inputs(resize(10)).scales, 1U);
  EXPECT_FALSE(resize_inputs(resize(10)).sizes.has_value());
  EXPECT_EQ(resize_inputs(resize(11)).scales, 2U);
  EXPECT_EQ(resize_inputs(resize(11)).sizes, 3U);
}

Integers sizes_out(const import::Node& node, const Integers& shape, const ResizeTargets& targets) {
  Integers sizes;
  const auto axes = resize_axes(node, {}, shape, targets);
  if (!axes) return {};
  for (const ResizedAxis& axis : *axes) sizes.push_back(axis.size_out);
  return sizes;
}

TEST(ResizeAxes, RoundSizesDown) {
  EXPECT_EQ(sizes_out(resize(13), {2, 3, 5, 6}, {{1, 1, 0.6, 1.5}, {}, {}}),
            (Integers{2, 3, 3, 9}));
  // 0.7F is a little less than 0.7, but their product in float32 is 7.
  EXPECT_EQ(sizes_out(resize(13), {10}, {{0.7}, {}, {}}), (Integers{7}));
}

// Values of ONNX Runtime 1.31.1.
TEST(ResizeAxes, KeepTheAspectRatio) {
  import::Node node = resize(19);
  node.attributes["axes"].ints = {-2, 3};
  node.attributes["keep_aspect_ratio_policy"].s = "not_larger";
  EXPECT_EQ(sizes_out(node, {1, 1, 6, 10}, {{}, {5, 5}, {}}), (Integers{1, 1, 3, 5}));
  EXPECT_EQ(sizes_out(node, {1, 1, 6, 10}, {{}, {4, 7}, {}}), (Integers{1, 1, 4, 7}));
  node.attributes["keep_aspect_ratio_policy"].s = "not_smaller";
  EXPECT_EQ(sizes_out(node, {1, 1, 6, 10}, {{}, {5, 5}, {}}), (Integers{1, 1, 5, 8}));
  EXPECT_EQ(sizes_out(node, {1, 1, 6, 10}, {{}, {9, 5}, {}}), (Integers{1, 1, 9, 15}));
}

TEST(ResizeAxes, LeaveAnOpenSizeThatIsNotResized) {
  EXPECT_EQ(sizes_out(resize(13), {-1, 3, 5, 6}, {{1, 1, 2, 2}, {}, {}}),
            (Integers{-1, 3, 10, 12}));
  EXPECT_FALSE(resize_axes(resize(13), {}, {-1, 3}, {{2, 2}, {}, {}}).has_value());
  EXPECT_FALSE(resize_axes(resize(13), {}, {-1, 3}, {{}, {2, 2}, {}}).has_value());
}

TEST(ResizeAxes, RefuseWhatDoesNotFit) {
  EXPECT_THROW(resize_axes(resize(13), {}, {1, 3}, {{2}, {}, {}}), Unsupported);
  EXPECT_THROW(resize_axes(resize(13), {}, {1, 3}, {}), Unsupported);
}

TEST(AttributeScales, AreThoseOfOldUpsample) {
  import::Node node;
  node.op = "Upsample";
  node.opset = 7;
  node.attributes["scales"].floats = {1, 1, 2, 3};
  EXPECT_EQ(attribute_scales(node), (std::vector<double>{1, 1, 2, 3}));
  EXPECT_TRUE(attribute_scales(resize(13)).empty());
}

}  // namespace
}  // namespace dnnbench::semantics
