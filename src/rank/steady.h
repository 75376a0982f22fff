// When warming up is over.
#pragma once

#include <cstddef>
#include <span>

namespace dnnbench {

inline constexpr size_t kMinForSteady = 6;  // values, for is_steady to say yes

// Whether times, in the order measured, have stopped trending: of their last half, the median of
// the older part is not above that of the newer by more than 2 %, or by more than twice the spread
// (the median's standard error as estimated from the median absolute deviation). A small drift
// remains unseen here and is what interleaving is for. Calibrated by tests/experiments/ranking.
bool is_steady(std::span<const double> durations);

}  // namespace dnnbench
