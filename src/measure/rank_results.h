// Where each candidate of a finished run stands.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "rank/ranking.h"
#include "results/result.h"
#include "run/options.h"

namespace dnnbench {

// The blocks' medians of one inference, a row per result, and their processes: what rank() takes.
// Blocks in which none of them has samples are left out.
BlockTable block_table(const std::vector<const Result*>& results);

// a's time in units of b's, of two results of one run: in the blocks that both have, or else both
// compared with `anchor`, or null. Absent where that has no blocks in common with both either, or
// is suspect.
std::optional<Ratio> ratio_in_turns(const Result& a, const Result& b, double alpha,
                                    const Result* anchor);

// Whether every result is accepted or not, so that different precisions may be ranked together.
bool are_ranked_together(const std::vector<Result>& results);

// Fills in the interval of every ok result's median, and the rank of each that took turns with the
// first that may be ranked: where memory holds a few at a time, the anchor of their groups.
// Candidates of different precision are ranked together only where a bound on their error says
// which of them are good enough; otherwise within each precision.
void rank_results(std::vector<Result>& results, const Goal& goal);

// What a run with these options decides.
Goal goal_of(const RunOptions& options);

// Fills in the ratio of each variant's time to that of the same engine with f32, as far as both
// were measured.
void compare_with_f32(std::vector<Result>& results, double confidence,
                      std::optional<size_t> anchor);

}  // namespace dnnbench
