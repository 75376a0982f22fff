// What takes elements from between the grid points of a picture; and Col2Im, which puts windows
// back.
#include "semantics/sampling.h"

#include <fmt/format.h>

#include "operators.h"
#include "windows.h"

namespace dnnbench::pytorch {
namespace {

void emit_grid_sample(Operation& op) {
  using semantics::GridSample;
  const GridSample sample = semantics::read_grid_sample(op.node);
  const int64_t rank = op.rank(0);
  op.require(rank == 4 || (rank == 5 && sample.mode != GridSample::Mode::kCubic),
             "other than two dimensions, or three without cubic");
  // The library's enumerations count in the same order.
  op.out(fmt::format("torch.grid_sampler_{}d({}, {}, {}, {}, {})", rank - 2, op.in(0), op.in(1),
                     static_cast<int>(sample.mode), static_cast<int>(sample.outside),
                     truth(sample.align_corners)));
}

void emit_affine_grid(Operation& op) {
  op.out(fmt::format("torch.affine_grid_generator({}, {}, {})", op.in(0), op.int_list(1),
                     truth(op.node.integer("align_corners", 0) != 0)));
}

void emit_deformable_conv(Operation& op) {
  const Windows w = read_windows(op, kernel_of_weights(op, 1));
  op.require(w.dimensions() == 2, "other than two spatial dimensions");
  const std::string mask = op.in_or(4, "torch.empty([0])");
  const std::string bias = op.in_or(3, "torch.empty([0])");
  op.out(op.call("deformable_convolution",
                 {op.in(0), op.in(1), op.in(2), bias, mask, list(w.strides), list(w.before),
                  list(w.dilations), std::to_string(op.node.integer("group", 1)),
                  std::to_string(op.node.integer("offset_group", 1))}));
}

// Image from columns: windows that overlap are added up.
void emit_col2im(Operation& op) {
  const auto count = static_cast<size_t>(op.size(1, 0));
  const Windows w = semantics::read_windows(op.node, Shape(count, -1), Shape(count, 1));
  op.out(op.call("image_from_columns", {op.in(0), op.int_list(1), op.int_list(2), list(w.strides),
                                        list(w.before), list(w.after), list(w.dilations)}));
}

}  // namespace

Operators sampling_operators() {
  Operators table;
  table["GridSample"] = emit_grid_sample;
  table["AffineGrid"] = emit_affine_grid;
  table["DeformConv"] = emit_deformable_conv;
  table["Col2Im"] = emit_col2im;
  return table;
}

}  // namespace dnnbench::pytorch
