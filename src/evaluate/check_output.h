// Checks what a library computed for a node against the operator's formula.
#pragma once

#include <cstdint>
#include <string>

#include "evaluate/formula.h"

namespace dnnbench::evaluate {

struct OutputCheck {
  int64_t elements = 0;  // checked
  std::string wrong;     // "element [0, 3] is 0.5 where 0.25 is right"; "" where all are right
};

// Checks `max_elements` of `got`, spread over it at random, or all where there are no more.
// `coarsest` is the coarsest type of the node's inputs and outputs. Throws Unsupported as the
// formula does.
OutputCheck check_output(const Formula& formula, const Operand& got, DataType coarsest,
                         int64_t max_elements, uint64_t seed);

}  // namespace dnnbench::evaluate
