#include "cli/batch_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/layout.h"
#include "cli/table.h"
#include "results/units.h"

namespace dnnbench {
namespace {

using OfAnEngine = std::vector<const Result*>;  // by rising batch

// Figures in batch_row's order. The last number is the order in which columns are dropped.
const std::vector<Column> kBatchColumns{
    {"engine", "engine", Align::kLeft},
    {"batch", "batch"},
    {"items/s", "items_per_s"},
    {"vs smallest batch", "relative_throughput", Align::kRight, 3},
    {"median", "p50_s"},
    {"p90", "p90_s", Align::kRight, 1},
    {"p99", "p99_s", Align::kRight, 2},
    {"verdict", "verdict", Align::kLeft},
};

std::map<std::string, OfAnEngine> by_engine(const std::vector<Result>& results) {
  std::map<std::string, OfAnEngine> engines;
  for (const Result& result : results) engines[result.label].push_back(&result);
  for (auto& [name, own] : engines) {
    std::stable_sort(own.begin(), own.end(), [](const Result* a, const Result* b) {
      return a->candidate.batch < b->candidate.batch;
    });
  }
  return engines;
}

double items_per_s(const Result& result) {
  return static_cast<double>(result.candidate.batch.value_or(1)) / shown_median_s(result);
}

const Result* best_of(const OfAnEngine& own) {
  const Result* best = nullptr;
  for (const Result* result : own) {
    if (!may_be_ranked(*result)) continue;
    if (best == nullptr || items_per_s(*result) > items_per_s(*best)) best = result;
  }
  return best;
}

std::string verdict(const Result& result, const Result* best) {
  const std::string problem = problem_of(result);
  if (!problem.empty()) return problem;
  return &result == best ? "best" : "";
}

// Both must be measured on a quiet machine, for a busy one has another speed.
Cell relative_throughput(const Result& result, const Result& smallest) {
  if (!may_be_ranked(result) || !may_be_ranked(smallest)) return {"-", std::nullopt};
  const double ratio = items_per_s(result) / items_per_s(smallest);
  return {fmt::format("{:.2f}x", ratio), ratio};
}

Cells batch_row(const std::string& engine, const Result& result, const OfAnEngine& own) {
  Cells row{engine, batch_cell(result.candidate.batch.value_or(1))};
  if (result.outcome.ok()) {
    row.push_back(rate_cell(items_per_s(result)));
    row.push_back(relative_throughput(result, *own.front()));
    const auto latency_s = shown_percentiles_s(result);
    for (const char* name : {"p50", "p90", "p99"}) {
      row.push_back(percentile_cell(latency_s, name));
    }
  } else {
    row.insert(row.end(), 5, {"-", std::nullopt});
  }
  row.emplace_back(verdict(result, best_of(own)));
  return row;
}

}  // namespace

Table batch_table(const std::vector<Result>& results) {
  Table table{kBatchColumns, {}};
  for (const auto& [engine, own] : by_engine(results)) {
    for (const Result* result : own) table.rows.push_back(batch_row(engine, *result, own));
  }
  return table;
}

std::string batch_sentence(const std::vector<Result>& results) {
  const bool all_quiet = std::none_of(results.begin(), results.end(), is_suspect);
  const Result* best = nullptr;
  for (const auto& [engine, own] : by_engine(results)) {
    const Result* own_best = best_of(own);
    if (own_best == nullptr) continue;
    if (best == nullptr || items_per_s(*own_best) > items_per_s(*best)) best = own_best;
  }
  if (best == nullptr)
    return "No engine has a verified result for any batch measured on a quiet machine.";
  return fmt::format(
      "{}{} with batch {} has the highest throughput: {} items/s, {} per batch, one batch at a "
      "time. Batches were measured one after the other, so small differences may be drift of the "
      "machine.",
      all_quiet ? "" : "Of what was measured on a quiet machine, ", best->label,
      best->candidate.batch.value_or(1), format_rate(items_per_s(*best)),
      format_seconds(shown_median_s(*best)));
}

}  // namespace dnnbench
