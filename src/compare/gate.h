// The gate of --fail-above: whether what was compared got worse by more than is allowed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "compare/compare_results.h"

namespace dnnbench {

enum class Gate { kNoWorse, kCantTell, kWorse };  // the worst last

// `share`: 0.05 allows 5 %. Differences below the tie zone are never reported (rank/ranking.h), so
// no share is stricter than that. What has no figure any more is worse; a suspect result can't
// tell.
Gate gate_of(const Compared& row, double share);

// How long a run measured: the budget of each candidate, or so many measurements instead.
struct RunLength {
  double budget_s = 0;
  std::optional<int64_t> repeat;
};

// What the gate allows, in words: `share_text`, or the tie zone where it asks for less than that.
std::string allowed(const std::string& share_text, double share);

// One sentence for kCantTell: why, and which run would tell; "" where none would and the row's
// reason is all there is to say. `length` is absent for stored results.
std::string what_would_tell(const Compared& row, const std::string& share_text, double share,
                            const std::optional<RunLength>& length);

}  // namespace dnnbench
