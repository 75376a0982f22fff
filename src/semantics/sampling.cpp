#include "semantics/sampling.h"

#include <string>

#include "core/error.h"

namespace dnnbench::semantics {

GridSample read_grid_sample(const import::Node& node) {
  GridSample sample;
  const std::string mode = node.text("mode", "linear"),
                    outside = node.text("padding_mode", "zeros");
  if (mode == "nearest") {
    sample.mode = GridSample::Mode::kNearest;
  } else if (mode == "cubic" || mode == "bicubic") {
    sample.mode = GridSample::Mode::kCubic;
  } else if (mode != "linear" && mode != "bilinear") {
    throw Unsupported("it has the mode " + mode);
  }
  if (outside == "border") {
    sample.outside = GridSample::Outside::kBorder;
  } else if (outside == "reflection") {
    sample.outside = GridSample::Outside::kReflection;
  } else if (outside != "zeros") {
    throw Unsupported("it has the padding_mode " + outside);
  }
  sample.align_corners = node.integer("align_corners", 0) != 0;
  return sample;
}

RoiAlign read_roi_align(const import::Node& node) {
  RoiAlign align;
  align.rows = node.integer("output_height", 1);
  align.columns = node.integer("output_width", 1);
  align.samples = node.integer("sampling_ratio", 0);
  align.scale = node.number("spatial_scale", 1);
  // Before opset 16 there were no half pixels.
  const std::string coordinates = node.text("coordinate_transformation_mode",
                                            node.opset < 16 ? "output_half_pixel" : "half_pixel");
  if (coordinates != "half_pixel" && coordinates != "output_half_pixel") {
    throw Unsupported("it has the coordinate_transformation_mode " + coordinates);
  }
  align.half_pixel = coordinates == "half_pixel";
  const std::string mode = node.text("mode", "avg");
  if (mode != "avg" && mode != "max") throw Unsupported("it has the mode " + mode);
  align.takes_max = mode == "max";
  return align;
}

}  // namespace dnnbench::semantics
