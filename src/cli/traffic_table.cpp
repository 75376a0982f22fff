#include "cli/traffic_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/layout.h"
#include "cli/table.h"
#include "core/printable.h"
#include "results/units.h"

namespace dnnbench {
namespace {

using Row = std::vector<std::string>;

const Row kHeader{"engine",    "version", "sustained/s", "utilisation", "median",
                  "p90",       "p99",     "p99 95 % CI", "mean wait",   "generator delay",
                  "load time", "memory",  "error",       "verdict"};
const std::vector<size_t> kLeftAligned{0, 1, 7, 13};

bool is_carried(const Result& result) {
  return may_be_ranked(result) && result.measured.traffic &&
         carried_per_s(*result.measured.traffic);
}

std::string interval_cell(const RateFigures& figures) {
  if (!figures.p99_s) return "-";
  const Interval& interval = figures.p99_interval_s;
  return fmt::format("[{}, {}]", format_seconds(interval.low),
                     std::isfinite(interval.high) ? format_seconds(interval.high) : "?");
}

std::string percentile_cell(const std::map<std::string, double>& latency_s, const char* name) {
  const auto found = latency_s.find(name);
  return found == latency_s.end() ? "-" : format_seconds(found->second);
}

void add_figures(const Result& result, Row& row) {
  const RateFigures& figures = result.measured.traffic->figures();
  const auto latency_s = latency_percentiles_s(result);
  const std::optional<double> carried = carried_per_s(*result.measured.traffic);
  row.push_back(carried ? format_rate(*carried) : "-");
  row.push_back(fmt::format("{:.0f}%", std::min(100 * figures.busy_share, 100.0)));
  for (const char* name : {"p50", "p90", "p99"}) row.push_back(percentile_cell(latency_s, name));
  const bool has_p99 = latency_s.count("p99") > 0;
  row.push_back(has_p99 ? interval_cell(figures) : "-");
  row.push_back(latency_s.empty() ? "-" : format_seconds(figures.mean_wait_s));
  row.push_back(format_seconds(figures.mean_late_s));
}

Row row_of(const Result& result) {
  Row row{result.label, result.engine.load.engine_version.value_or("-")};
  if (result.outcome.ok() && result.measured.traffic) {
    add_figures(result, row);
  } else {
    row.insert(row.end(), 8, "-");
  }
  row.insert(row.end(), {load_cell(result), memory_cell(result),
                         error_cell(result.engine.verification), load_verdict(result)});
  return row;
}

std::string why(const Result& result) {
  if (!result.outcome.ok()) return result.outcome.reason;
  if (result.engine.verification.verdict != Verdict::kOk) return result.engine.verification.reason;
  if (is_suspect(result)) return why_suspect(result);
  return why_not_carried(*result.measured.traffic);
}

// Of those that carry their rate, the best first: the lowest 99th percentile at the rate asked for,
// or the highest rate within the bound.
std::vector<const Result*> carried_best_first(const std::vector<Result>& results) {
  std::vector<const Result*> carried;
  for (const Result& result : results) {
    if (is_carried(result) && result.measured.traffic->figures().p99_s) carried.push_back(&result);
  }
  std::stable_sort(carried.begin(), carried.end(), [](const Result* a, const Result* b) {
    if (a->measured.traffic->slo_p99_s)
      return *carried_per_s(*a->measured.traffic) > *carried_per_s(*b->measured.traffic);
    return *a->measured.traffic->figures().p99_s < *b->measured.traffic->figures().p99_s;
  });
  return carried;
}

bool surely_better(const TrafficResult& a, const TrafficResult& b) {
  if (a.slo_p99_s) return b.below_per_s && a.at_least_per_s >= *b.below_per_s;
  return a.figures().p99_interval_s.high < b.figures().p99_interval_s.low;
}

std::string figure(const Result& result) {
  const RateFigures& figures = result.measured.traffic->figures();
  if (!result.measured.traffic->slo_p99_s)
    return fmt::format("{} {}", format_seconds(*figures.p99_s), interval_cell(figures));
  return format_rate(figures.rate_per_s) + "/s";
}

std::string of_what(const TrafficResult& load) {
  if (!load.slo_p99_s) {
    return fmt::format("the lowest p99 at {} requests/s", format_rate(load.figures().rate_per_s));
  }
  return fmt::format("the highest rate with a p99 of at most {}", format_seconds(*load.slo_p99_s));
}

}  // namespace

std::string load_verdict(const Result& result) {
  if (!result.outcome.ok()) return std::string(to_string(result.outcome.kind));
  if (result.engine.verification.verdict == Verdict::kUnverified) return "unverified";
  if (is_suspect(result)) return "suspect";
  const TrafficResult& load = *result.measured.traffic;
  if (load.figures().verdict != RateVerdict::kCarried) {
    return std::string(to_string(load.figures().verdict));
  }
  if (!load.figures().p99_s) return "too few";
  return carried_per_s(load) ? "ok" : "too slow";
}

std::string load_table(const std::vector<Result>& results) {
  std::vector<Row> rows{kHeader};
  const std::vector<const Result*> carried = carried_best_first(results);
  for (const Result* result : carried) rows.push_back(row_of(*result));
  std::string reasons;
  for (const Result& result : results) {
    if (std::find(carried.begin(), carried.end(), &result) == carried.end()) {
      rows.push_back(row_of(result));
    }
    const std::string reason = why(result);
    if (reason.empty()) continue;
    reasons += fmt::format("{}: {}: {}\n", result.label, load_verdict(result), printable(reason));
  }
  return layout(rows, kLeftAligned) + reasons;
}

std::string load_sentence(const std::vector<Result>& results) {
  const std::vector<const Result*> carried = carried_best_first(results);
  if (carried.empty()) return "No engine has verified latencies for this traffic.";
  const Result& best = *carried.front();
  const std::string name = best.label;
  if (carried.size() == 1) {
    return fmt::format("{} is the only engine with a valid result: {} is {}; {}.", name,
                       of_what(*best.measured.traffic), figure(best), agreement(carried));
  }
  std::vector<std::string> rivals;
  for (size_t i = 1; i < carried.size(); ++i) {
    if (surely_better(*best.measured.traffic, *carried[i]->measured.traffic)) continue;
    rivals.push_back(carried[i]->label);
  }
  if (!rivals.empty()) {
    return fmt::format(
        "{} or {} has {}: their intervals overlap, so there is no winner yet; a longer --budget "
        "may "
        "decide it; {}.",
        name, fmt::join(rivals, " or "), of_what(*best.measured.traffic), agreement(carried));
  }
  return fmt::format("{} has {}: {}, {} {}; {}.", name, of_what(*best.measured.traffic),
                     figure(best), carried[1]->label, figure(*carried[1]), agreement(carried));
}

}  // namespace dnnbench
