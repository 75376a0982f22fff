// What the two ways of Resize share: with sizes that are known, and with sizes that are inputs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "operation.h"

namespace dnnbench::tf {

struct ResizeSettings {
  std::string mode;  // nearest, linear or cubic
  std::string coordinates;
  std::string nearest;
  double cubic_a = -0.75;
  double extrapolation = 0;
  bool exclude_outside = false;
  bool antialias = false;
};

// In f32 where the type has no fractions.
Out as_floating(Graph& g, Out x);
// Back to that type, rounded, within what it holds.
Out from_floating(Graph& g, Out x, TF_DataType type);

// Sets the node's output. `named`: the axes that the input `sizes_input` gives scales of (`scaled`)
// or sizes; regions are input 1.
void resize_at_run_time(const Operation& n, const std::vector<int64_t>& named,
                        const ResizeSettings& settings, size_t sizes_input, bool scaled);

}  // namespace dnnbench::tf
