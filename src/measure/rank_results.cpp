#include "measure/rank_results.h"

#include <algorithm>
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

}  // namespace

BlockTable block_table(const std::vector<const Result*>& results) {
  std::map<int64_t, size_t> column;
  for (const Result* result : results) {
    for (const Sample& sample : result->measured.samples) column.emplace(sample.block, 0);
  }
  size_t columns = 0;
  for (auto& [block, index] : column) index = columns++;
  BlockTable table(results.size(),
                   std::vector<double>(columns, std::numeric_limits<double>::quiet_NaN()));
  for (size_t i = 0; i < results.size(); ++i) {
    std::map<int64_t, std::vector<double>> times;
    for (const Sample& sample : results[i]->measured.samples) {
      times[sample.block].push_back(sample.duration_s);
    }
    for (const auto& [block, durations] : times) {
      table[i][column[block]] = median(durations) / static_cast<double>(results[i]->number);
    }
  }
  return table;
}

void rank_results(std::vector<Result>& results, double confidence, std::optional<size_t> anchor) {
  std::vector<Result*> ranked;
  std::optional<size_t> anchor_row;
  for (size_t i = 0; i < results.size(); ++i) {
    Result& result = results[i];
    if (!result.outcome.ok()) continue;
    const BlockTable own = block_table({&result});
    result.p50_interval_s = latency_interval_s(own[0], 1 - confidence);
    if (!may_be_ranked(result)) continue;
    const Result& first = ranked.empty() ? result : *ranked.front();
    const bool by_anchor = anchor_row && share_a_block(result, results[*anchor]);
    if (!by_anchor && !share_a_block(result, first)) continue;
    if (anchor == i) anchor_row = ranked.size();
    ranked.push_back(&result);
  }
  if (ranked.empty()) return;
  const BlockTable table = block_table({ranked.begin(), ranked.end()});
  const Ranking ranking = rank(table, confidence, anchor_row);
  for (size_t i = 0; i < ranked.size(); ++i) {
    const EngineRank& own = ranking.engines[i];
    ranked[i]->rank = Rank{confidence,          ranked.size(),
                           own.place,           i == ranking.order.front(),
                           own.to_best,         ranking.decided,
                           ranking.probability, anchor ? results[*anchor].candidate.backend : ""};
  }
}

}  // namespace dnnbench
