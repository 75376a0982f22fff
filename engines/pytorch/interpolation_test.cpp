#include "interpolation.h"

#include <gtest/gtest.h>

#include <numeric>

namespace dnnbench::pytorch {
namespace {

using Indices = std::vector<int64_t>;

AxisWeights nearest(const std::string& coordinates, const std::string& mode, int64_t in,
                    int64_t out) {
  ResizeMode resize;
  resize.coordinates = coordinates;
  resize.nearest = mode;
  return axis_weights(resize, {in, out, static_cast<float>(out) / static_cast<float>(in), 0, 1});
}

TEST(AxisWeights, NearestDependsOnCoordinatesAndRounding) {
  EXPECT_EQ(nearest("asymmetric", "floor", 2, 4).indices, (Indices{0, 0, 1, 1}));
  EXPECT_EQ(nearest("asymmetric", "ceil", 2, 4).indices, (Indices{0, 1, 1, 1}));
  EXPECT_EQ(nearest("half_pixel", "round_prefer_floor", 2, 4).indices, (Indices{0, 0, 1, 1}));
  EXPECT_EQ(nearest("half_pixel", "floor", 2, 4).indices, (Indices{0, 0, 0, 1}));
  EXPECT_EQ(nearest("align_corners", "round_prefer_ceil", 2, 3).indices, (Indices{0, 1, 1}));
  EXPECT_EQ(nearest("align_corners", "round_prefer_floor", 2, 3).indices, (Indices{0, 0, 1}));
}

TEST(AxisWeights, LinearWeightsSumToOne) {
  for (const char* interpolation : {"linear", "cubic"}) {
    for (const bool antialias : {false, true}) {
      ResizeMode mode;
      mode.interpolation = interpolation;
      mode.antialias = antialias;
      for (const int64_t out : {3, 7, 20}) {
        const AxisWeights weights =
            axis_weights(mode, {10, out, static_cast<float>(out) / 10.0F, 0, 1});
        ASSERT_EQ(weights.weights.size(), static_cast<size_t>(out * weights.taps));
        for (int64_t at = 0; at < out; ++at) {
          const auto first = weights.weights.begin() + at * weights.taps;
          EXPECT_NEAR(std::accumulate(first, first + weights.taps, 0.0), 1, 1e-9);
        }
      }
    }
  }
}

TEST(AxisWeights, LinearIsBetweenTheTwoNeighbours) {
  ResizeMode mode;
  mode.interpolation = "linear";
  mode.coordinates = "align_corners";
  const AxisWeights weights = axis_weights(mode, {2, 5, 2.5F, 0, 1});
  ASSERT_EQ(weights.taps, 2);
  for (int64_t at = 0; at < 5; ++at) {
    double value = 0;  // of the input 0, 1
    for (int64_t tap = 0; tap < 2; ++tap) {
      const auto i = static_cast<size_t>(at * 2 + tap);
      value += static_cast<double>(weights.indices[i]) * weights.weights[i];
    }
    EXPECT_NEAR(value, static_cast<double>(at) / 4, 1e-6);
  }
}

TEST(AxisWeights, ExtrapolationIsToldApart) {
  ResizeMode mode;
  mode.coordinates = "tf_crop_and_resize";
  mode.extrapolates = true;
  const AxisWeights weights = axis_weights(mode, {4, 3, 0.75F, -1, 0.5});
  EXPECT_EQ(weights.outside, (std::vector<bool>{true, true, false}));
}

}  // namespace
}  // namespace dnnbench::pytorch
