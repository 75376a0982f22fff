// In which order engines take their turns.
#pragma once

#include <cstddef>
#include <vector>

namespace dnnbench {

// Orders of 0 .. count - 1, to be gone through again and again, one order per block: over all of
// them every engine stands at every place equally often, and follows every other equally often (a
// Williams square; for an odd count two of them). For two engines: A B, B A.
//
// Source: Williams (1949), "Experimental designs balanced for the estimation of residual effects of
// treatments", Australian Journal of Scientific Research A 2(2).
std::vector<std::vector<size_t>> balanced_orders(size_t count);

}  // namespace dnnbench
