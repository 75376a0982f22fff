// Tensors of four-bit integers for libraries that have none.
#pragma once

#include "import/graph.h"

namespace dnnbench::semantics {

bool is_four_bits(DataType type);

// int4 as int8, uint4 as uint8: the same numbers, a byte each.
import::Constant widened(const import::Constant& constant);

}  // namespace dnnbench::semantics
