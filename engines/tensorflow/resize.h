// What the two ways of Resize share: with sizes that are known, and with sizes that are inputs.
#pragma once

#include <cstdint>

#include "operation.h"
#include "semantics/resize.h"

namespace dnnbench::tf {

// In f32 where the type has no fractions.
Out as_floating(Graph& g, Out x);
// Back to that type, cut, within what it holds.
Out from_floating(Graph& g, Out x, TF_DataType type);

// Sets the node's output where scales, sizes, regions or the input's own sizes are known only when
// the graph runs.
void resize_at_run_time(const Operation& op, const semantics::ResizeMode& mode);

}  // namespace dnnbench::tf
