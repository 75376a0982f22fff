// Operators of detectors.
#include <fmt/format.h>

#include "operators.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

void write_non_max_suppression(Operation& op) {
  const std::string most = op.has(2) ? op.int_scalar(2) : "0";
  const std::string overlap = op.has(3) ? op.float_scalar(3) : "0.0";
  const std::string score = op.has(4) ? op.float_scalar(4) : "float(\"-inf\")";
  op.out(op.call("non_max_suppression", {op.in(0), op.in(1), most, overlap, score,
                                         truth(op.node.integer("center_point_box", 0) == 1)}),
         DataType::kInt64);
}

void write_roi_align(Operation& op) {
  // Half-pixel coordinates are the default from opset 16 on; before there were no others than
  // these.
  const std::string coordinates = op.node.text(
      "coordinate_transformation_mode", op.node.opset < 16 ? "output_half_pixel" : "half_pixel");
  op.out(op.call(
      "roi_align",
      {op.in(0), op.in(1), op.in(2) + ".to(4)", truth(op.node.text("mode", "avg") == "max"),
       truth(coordinates == "half_pixel"), std::to_string(op.node.integer("output_height", 1)),
       std::to_string(op.node.integer("output_width", 1)),
       std::to_string(op.node.integer("sampling_ratio", 0)),
       number(op.node.number("spatial_scale", 1))}));
}

void write_max_roi_pool(Operation& op) {
  const Shape sizes = op.node.integers("pooled_shape");
  op.require(sizes.size() == 2, "other than two dimensions");
  op.out(op.call("max_roi_pool",
                 {op.in(0), op.in(1), std::to_string(sizes[0]), std::to_string(sizes[1]),
                  number(op.node.number("spatial_scale", 1))}));
}

}  // namespace

void add_detection(Operators& table) {
  table["NonMaxSuppression"] = write_non_max_suppression;
  table["RoiAlign"] = write_roi_align;
  table["MaxRoiPool"] = write_max_roi_pool;
}

}  // namespace dnnbench::pytorch
