// Resize with sizes that are inputs of the node.
#pragma once

#include <cstdint>

#include "operation.h"
#include "semantics/resize.h"

namespace dnnbench::tf {

// Sets the node's output where scales, sizes, regions or the input's own sizes are known only when
// the graph runs.
void resize_at_run_time(const Operation& op, const semantics::ResizeMode& mode);

}  // namespace dnnbench::tf
