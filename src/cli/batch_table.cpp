#include "cli/batch_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/layout.h"
#include "cli/table.h"
#include "results/units.h"

namespace dnnbench {
namespace {

using Row = std::vector<std::string>;
using OfAnEngine = std::vector<const Result*>;  // by rising batch

const Row kHeader{"engine", "batch", "items/s", "vs smallest batch",
                  "median", "p90",   "p99",     "verdict"};
const std::vector<size_t> kLeftAligned{0, 7};

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
  return static_cast<double>(result.candidate.batch.value_or(1)) / median_latency_s(result);
}

const Result* does_most(const OfAnEngine& own) {
  const Result* most = nullptr;
  for (const Result* result : own) {
    if (!may_be_ranked(*result)) continue;
    if (most == nullptr || items_per_s(*result) > items_per_s(*most)) most = result;
  }
  return most;
}

std::string verdict(const Result& result, const Result* most) {
  if (!result.outcome.ok()) return std::string(to_string(result.outcome.kind));
  if (result.engine.verification.verdict == Verdict::kUnverified) return "unverified";
  if (is_suspect(result)) return "suspect";
  return &result == most ? "best" : "";
}

Row row_of(const std::string& engine, const Result& result, const OfAnEngine& own) {
  Row row{engine, fmt::format("{}", result.candidate.batch.value_or(1))};
  if (result.outcome.ok()) {
    const Result& smallest = *own.front();
    row.push_back(format_rate(items_per_s(result)));
    row.push_back(smallest.outcome.ok()
                      ? fmt::format("{:.2f}x", items_per_s(result) / items_per_s(smallest))
                      : "-");
    const auto latency_s = latency_percentiles_s(result);
    for (const char* name : {"p50", "p90", "p99"}) {
      const auto found = latency_s.find(name);
      row.push_back(found == latency_s.end() ? "-" : format_seconds(found->second));
    }
  } else {
    row.insert(row.end(), 5, "-");
  }
  row.push_back(verdict(result, does_most(own)));
  return row;
}

}  // namespace

std::string batch_table(const std::vector<Result>& results) {
  std::vector<Row> rows{kHeader};
  for (const auto& [engine, own] : by_engine(results)) {
    for (const Result* result : own) rows.push_back(row_of(engine, *result, own));
  }
  return layout(rows, kLeftAligned);
}

std::string batch_sentence(const std::vector<Result>& results) {
  const Result* most = nullptr;
  for (const auto& [engine, own] : by_engine(results)) {
    const Result* best = does_most(own);
    if (best == nullptr) continue;
    if (most == nullptr || items_per_s(*best) > items_per_s(*most)) most = best;
  }
  if (most == nullptr)
    return "No engine has a verified result for any batch measured on a quiet machine.";
  return fmt::format(
      "{} with batch {} has the highest throughput: {} items/s, {} per batch, one batch at a time. "
      "Batches were measured one after the other, so small differences may be drift of the "
      "machine.",
      most->label, most->candidate.batch.value_or(1), format_rate(items_per_s(*most)),
      format_seconds(median_latency_s(*most)));
}

}  // namespace dnnbench
