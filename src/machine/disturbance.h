// Whether something else disturbed an engine's turn so much that its times are not to be used.
#pragma once

#include <string>

#include "machine/noise.h"

namespace dnnbench {

// Thresholds, as shares of the turn. Calibrated by tests/experiments/ranking, docs/measuring.md.
inline constexpr double kMaxWaited = 0.02;  // while others used more than
inline constexpr double kMaxOthers = 0.10;  // of one core, and more than two ticks
inline constexpr double kMaxStolen = 0.02;  // and more than one tick

// Others' and stolen time are counted in ticks, usually of 10 ms, by which they may be off on each
// core: of a short turn they say nothing, and waiting alone, which is counted in nanoseconds,
// decides.
inline constexpr double kOneTick_s = 0.0105;
inline constexpr double kMinWindow_s = 0.1;

// "" for an undisturbed turn; otherwise what disturbed it, as "other programs used 0.80 cores".
// In a turn of at least kMinWindow_s waiting alone is no disturbance: an engine with more threads
// than cores makes its own. Where the kernel does not say who waited, others' CPU time decides.
std::string disturbance(const Noise& turn);

}  // namespace dnnbench
