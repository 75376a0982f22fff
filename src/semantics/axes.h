// Axes that an attribute or an input names, which count from the end where they are negative.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dnnbench::semantics {

// That axis counted from 0. A scalar takes axis 0 (and -1). Throws Unsupported for one outside the
// rank.
int64_t axis_from_start(int64_t axis, size_t rank);

}  // namespace dnnbench::semantics
