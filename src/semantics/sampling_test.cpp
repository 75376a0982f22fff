#include "semantics/sampling.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "semantics/pads.h"

namespace dnnbench::semantics {
namespace {

import::Node node_of(const std::string& op, int64_t opset,
                     const std::map<std::string, std::string>& texts) {
  import::Node node;
  node.op = op;
  node.opset = opset;
  for (const auto& [name, text] : texts) node.attributes[name].s = text;
  return node;
}

TEST(GridSample, HasNamesOfTwoOpsets) {
  EXPECT_EQ(read_grid_sample(node_of("GridSample", 16, {{"mode", "bicubic"}})).mode,
            GridSample::Mode::kCubic);
  EXPECT_EQ(read_grid_sample(node_of("GridSample", 20, {{"mode", "cubic"}})).mode,
            GridSample::Mode::kCubic);
  EXPECT_EQ(read_grid_sample(node_of("GridSample", 16, {})).mode, GridSample::Mode::kLinear);
  EXPECT_THROW(read_grid_sample(node_of("GridSample", 20, {{"mode", "frobnicate"}})), Unsupported);
  EXPECT_THROW(read_grid_sample(node_of("GridSample", 20, {{"padding_mode", "edge"}})),
               Unsupported);
}

TEST(RoiAlign, HasHalfPixelsFromOpset16On) {
  EXPECT_FALSE(read_roi_align(node_of("RoiAlign", 10, {})).half_pixel);
  EXPECT_TRUE(read_roi_align(node_of("RoiAlign", 16, {})).half_pixel);
  const std::string name = "coordinate_transformation_mode";
  EXPECT_FALSE(read_roi_align(node_of("RoiAlign", 16, {{name, "output_half_pixel"}})).half_pixel);
  EXPECT_THROW(read_roi_align(node_of("RoiAlign", 16, {{name, "frobnicate"}})), Unsupported);
}

TEST(Pads, BelongToTheirAxes) {
  const Pads all = spread_pads({1, 2, 3, 4}, {}, 2);
  EXPECT_EQ(all.before, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(all.after, (std::vector<int64_t>{3, 4}));
  const Pads last = spread_pads({1, -2}, {-1}, 3);
  EXPECT_EQ(last.before, (std::vector<int64_t>{0, 0, 1}));
  EXPECT_EQ(last.after, (std::vector<int64_t>{0, 0, -2}));
  EXPECT_TRUE(last.cuts());
  EXPECT_THROW(spread_pads({1, 2}, {}, 2), Unsupported);
  EXPECT_THROW(spread_pads({1, 2}, {3}, 3), Unsupported);
  EXPECT_THROW(read_pad_mode(node_of("Pad", 18, {{"mode", "frobnicate"}})), Unsupported);
}

}  // namespace
}  // namespace dnnbench::semantics
