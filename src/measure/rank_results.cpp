#include "measure/rank_results.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <set>

#include "core/statistics.h"

namespace dnnbench {
namespace {

bool share_a_block(const Result& a, const Result& b) {
  std::set<int64_t> blocks;
  for (const Sample& sample : a.measured.samples) blocks.insert(sample.block);
  return std::any_of(b.measured.samples.begin(), b.measured.samples.end(),
                     [&](const Sample& sample) { return blocks.count(sample.block) > 0; });
}

bool all_share_a_block(const std::vector<Result*>& results) {
  for (const Result* a : results) {
    for (const Result* b : results) {
      if (!share_a_block(*a, *b)) return false;
    }
  }
  return true;
}

// Those of `group` that may be ranked. The first of them has a block in common with every other, so
// that two which have none are compared by it.
void rank_group(std::vector<Result>& results, const std::vector<size_t>& group, const Goal& goal) {
  std::vector<Result*> ranked;
  for (const size_t i : group) {
    Result& result = results[i];
    if (!may_be_ranked(result)) continue;
    if (ranked.empty() || share_a_block(result, *ranked.front())) ranked.push_back(&result);
  }
  if (ranked.empty()) return;
  const BlockTable table = block_table({ranked.begin(), ranked.end()});
  const Ranking ranking = rank(table, goal, 0);
  const std::string anchor = all_share_a_block(ranked) ? "" : ranked.front()->candidate.backend;
  const double best_s = median_latency_s(*ranked[ranking.order.front()]);
  for (size_t i = 0; i < ranked.size(); ++i) {
    const EngineRank& own = ranking.engines[i];
    Rank rank;
    rank.confidence = goal.confidence;
    rank.order = goal.order;
    rank.engines = ranked.size();
    rank.place = own.place;
    rank.is_best = i == ranking.order.front();
    rank.to_best = own.to_best;
    rank.p50_s = best_s * own.to_best.value;
    rank.decided = ranking.decided;
    rank.probability = ranking.probability;
    rank.anchor = anchor;
    ranked[i]->rank = rank;
  }
}

// With a bound every variant is accepted or not.
bool has_bound(const Result& result) {
  return !result.acceptance || result.acceptance->accepted.has_value();
}

Candidate in_f32(Candidate candidate) {
  candidate.precision = "f32";
  return candidate;
}

}  // namespace

BlockTable block_table(const std::vector<const Result*>& results) {
  std::map<int64_t, size_t> column;
  for (const Result* result : results) {
    for (const Sample& sample : result->measured.samples) column.emplace(sample.block, 0);
  }
  size_t columns = 0;
  for (auto& [block, index] : column) index = columns++;
  BlockTable table;
  table.latency_s.assign(results.size(),
                         std::vector<double>(columns, std::numeric_limits<double>::quiet_NaN()));
  table.process.assign(results.size(), std::vector<size_t>(columns));
  for (size_t i = 0; i < results.size(); ++i) {
    std::map<int64_t, std::vector<double>> times;
    for (const Sample& sample : results[i]->measured.samples) {
      times[sample.block].push_back(sample.duration_s);
    }
    for (const auto& [block, durations] : times) {
      table.latency_s[i][column[block]] =
          median(durations) / static_cast<double>(results[i]->number);
    }
    const std::vector<int64_t>& starts = results[i]->measured.starts;
    for (const auto& [block, index] : column) {
      table.process[i][index] = static_cast<size_t>(
          std::distance(starts.begin(), std::upper_bound(starts.begin(), starts.end(), block)));
    }
  }
  return table;
}

std::optional<Ratio> ratio_in_turns(const Result& a, const Result& b, double alpha,
                                    const Result* anchor) {
  if (share_a_block(a, b)) return ratio_of(block_table({&a, &b}), 0, 1, alpha);
  const bool by_anchor = anchor != nullptr && !is_suspect(*anchor) && share_a_block(a, *anchor) &&
                         share_a_block(b, *anchor);
  if (!by_anchor) return std::nullopt;
  return ratio_of(block_table({&a, &b, anchor}), 0, 1, alpha, 2);
}

bool are_ranked_together(const std::vector<Result>& results) {
  return std::all_of(results.begin(), results.end(), has_bound);
}

Goal goal_of(const RunOptions& options) {
  return {options.confidence, options.precision_target,
          options.whole_order || options.until_precise ? Order::kAll : Order::kBest,
          options.until_precise};
}

void rank_results(std::vector<Result>& results, const Goal& goal) {
  const bool together = are_ranked_together(results);
  std::map<std::string, std::vector<size_t>> groups;
  for (size_t i = 0; i < results.size(); ++i) {
    Result& result = results[i];
    if (!result.outcome.ok()) continue;
    const BlockTable own = block_table({&result});
    result.p50_interval_s = latency_interval_s(own.latency_s[0], 1 - goal.confidence);
    groups[together ? "" : result.candidate.precision].push_back(i);
  }
  for (const auto& [precision, group] : groups) rank_group(results, group, goal);
}

void compare_with_f32(std::vector<Result>& results, double confidence,
                      std::optional<size_t> anchor) {
  const double alpha = alpha_of_pair(results.size(), confidence);
  for (Result& variant : results) {
    if (variant.candidate.precision == "f32" || !variant.outcome.ok()) continue;
    for (const Result& f32 : results) {
      if (!f32.outcome.ok() || !(f32.candidate == in_f32(variant.candidate))) continue;
      variant.to_f32 = ratio_in_turns(variant, f32, alpha, anchor ? &results[*anchor] : nullptr);
    }
  }
}

}  // namespace dnnbench
