// Whether something else disturbed an engine's turn so much that its times are not to be used.
#pragma once

#include <cstdint>
#include <string>

#include "machine/noise.h"

namespace dnnbench {

// Thresholds, as shares of the turn. Calibrated by tests/experiments/ranking, docs/measuring.md.
inline constexpr double kMaxWaited = 0.02;  // while others used more than
inline constexpr double kMaxOthers = 0.10;  // of one core, and more than two ticks
inline constexpr double kMaxStolen = 0.02;  // and more than one tick
inline constexpr double kMaxQuota = 0.02;   // that a control group's quota stops a run unnoticed

// Others' and stolen time are counted in ticks, usually of 10 ms, by which they may be off on each
// core: of a turn shorter than kMinWindow_s they say nothing.
inline constexpr double kOneTick_s = 0.0105;
inline constexpr double kMinWindow_s = 0.1;

// "" for an undisturbed turn; otherwise what disturbed it most, as "other programs used 0.80
// cores". Waiting alone is no disturbance: an engine with more threads than cores makes its own,
// and a control group's quota, which stops threads that are ready, makes them wait for nobody.
// Where the kernel does not say who waited, others' CPU time decides.
std::string disturbance(const Noise& turn);

// What the control group's quota, in CPUs, did to latencies measured in these turns, as a sentence
// for the user; "" for nothing of note.
std::string stopped_by_quota(const Noise& turns, double quota);

// Whether others may have disturbed a turn that is too short to know: the engine has to compute on
// until kMinWindow_s are over, and disturbance() judges all of it.
bool is_too_short_to_judge(const Noise& turn);

// Whether more than half were: what was measured is then not to be relied on.
inline bool is_mostly_disturbed(int64_t disturbed, int64_t all) { return 2 * disturbed > all; }

}  // namespace dnnbench
