// The gate of --fail-above: whether what was compared got worse by more than is allowed.
#pragma once

#include <optional>
#include <string>

#include "compare/compare_results.h"

namespace dnnbench {

enum class Gate { kNoWorse, kCantTell, kWorse };  // the worst last

// `share`: 0.05 allows 5 %. Differences below the tie zone are never reported (rank/ranking.h), so
// no share is stricter than that. What has no figure any more is worse; a suspect result can't
// tell.
Gate gate_of(const Compared& row, double share);

// One sentence for kCantTell: why, and which run would tell. `budget_s` was that of the run; absent
// for stored results.
std::string what_would_tell(const Compared& row, const std::string& share_text, double share,
                            std::optional<double> budget_s);

}  // namespace dnnbench
