// What takes elements from between the grid points of a picture.
#include "semantics/sampling.h"

#include <fmt/format.h>

#include "operators.h"

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

}  // namespace

Operators sampling_operators() {
  Operators table;
  table["GridSample"] = emit_grid_sample;
  table["AffineGrid"] = emit_affine_grid;
  return table;
}

}  // namespace dnnbench::pytorch
