// Operators of detectors.
#include <fmt/format.h>

#include "operators.h"
#include "semantics/sampling.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

void emit_non_max_suppression(Operation& op) {
  const std::string most = op.has(2) ? op.int_scalar(2) : "0";
  const std::string overlap = op.has(3) ? op.float_scalar(3) : "0.0";
  const std::string score = op.has(4) ? op.float_scalar(4) : "float(\"-inf\")";
  op.out(op.call("non_max_suppression", {op.in(0), op.in(1), most, overlap, score,
                                         truth(op.node.integer("center_point_box", 0) == 1)}),
         DataType::kInt64);
}

void emit_roi_align(Operation& op) {
  const semantics::RoiAlign align = semantics::read_roi_align(op.node);
  op.out(op.call("roi_align", {op.in(0), op.in(1), op.in(2) + ".to(4)", truth(align.takes_max),
                               truth(align.half_pixel), std::to_string(align.rows),
                               std::to_string(align.columns), std::to_string(align.samples),
                               number(align.scale)}));
}

void emit_max_roi_pool(Operation& op) {
  const Shape sizes = op.node.integers("pooled_shape");
  op.require(sizes.size() == 2, "other than two dimensions");
  op.out(op.call("max_roi_pool",
                 {op.in(0), op.in(1), std::to_string(sizes[0]), std::to_string(sizes[1]),
                  number(op.node.number("spatial_scale", 1))}));
}

}  // namespace

Operators detection_operators() {
  Operators table;
  table["NonMaxSuppression"] = emit_non_max_suppression;
  table["RoiAlign"] = emit_roi_align;
  table["MaxRoiPool"] = emit_max_roi_pool;
  return table;
}

}  // namespace dnnbench::pytorch
