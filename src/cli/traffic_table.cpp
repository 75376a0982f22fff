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

// Figures in traffic_row's order. The last number is the order in which columns are dropped.
const std::vector<Column> kTrafficColumns{
    {"engine", "engine", Align::kLeft},
    {"version", "engine_version", Align::kLeft, 3},
    {"sustained/s", "sustained_per_s"},
    {"utilisation", "utilisation", Align::kRight, 6},
    {"median", "p50_s", Align::kRight, 9},
    {"p90", "p90_s", Align::kRight, 7},
    {"p99", "p99_s"},
    {"p99 95 % CI", "p99_ci95", Align::kLeft, 10},
    {"", "p99_low_s"},
    {"", "p99_high_s"},
    {"mean wait", "mean_wait_s", Align::kRight, 8},
    {"generator delay", "generator_delay_s", Align::kRight, 2},
    {"load time", "load_s", Align::kRight, 4},
    {"memory", "peak_rss_bytes", Align::kRight, 5},
    {"error", "max_rel_error", Align::kRight, 1},
    {"verdict", "verdict", Align::kLeft},
};

bool is_sustained(const Result& result) {
  return may_be_ranked(result) && result.measured.traffic &&
         carried_per_s(*result.measured.traffic);
}

std::string interval_cell(const RateFigures& figures) {
  if (!figures.p99_s) return "-";
  const Interval& interval = figures.p99_interval_s;
  return fmt::format("[{}, {}]", format_seconds(interval.low),
                     std::isfinite(interval.high) ? format_seconds(interval.high) : "?");
}

void add_figures(const Result& result, Cells& row) {
  const RateFigures& figures = result.measured.traffic->figures();
  const auto latency_s = latency_percentiles_s(result);
  const std::optional<double> carried = carried_per_s(*result.measured.traffic);
  row.push_back(rate_cell(carried));
  const double utilisation = std::min(figures.busy_share, 1.0);
  row.emplace_back(fmt::format("{:.0f}%", 100 * utilisation), utilisation);
  for (const char* name : {"p50", "p90", "p99"}) row.push_back(percentile_cell(latency_s, name));
  const bool has_p99 = latency_s.count("p99") > 0;
  row.emplace_back(has_p99 ? interval_cell(figures) : "-");
  const std::optional<Interval> interval =
      has_p99 ? std::optional(figures.p99_interval_s) : std::nullopt;
  row.emplace_back("", interval ? std::optional(interval->low) : std::nullopt);
  row.emplace_back("", interval ? std::optional(interval->high) : std::nullopt);
  row.push_back(
      seconds_cell(latency_s.empty() ? std::nullopt : std::optional(figures.mean_wait_s)));
  row.push_back(seconds_cell(figures.mean_late_s));
}

Cells traffic_row(const Result& result) {
  Cells row{result.label, result.engine.load.engine_version.value_or("-")};
  if (result.outcome.ok() && result.measured.traffic) {
    add_figures(result, row);
  } else {
    row.insert(row.end(), 10, {"-", std::nullopt});
  }
  row.insert(row.end(), {load_cell(result), memory_cell(result),
                         error_cell(result.engine.verification), traffic_verdict(result)});
  return row;
}

std::string why(const Result& result) {
  if (!result.outcome.ok()) return result.outcome.reason;
  if (result.engine.verification.verdict != Verdict::kOk) return result.engine.verification.reason;
  if (is_suspect(result)) return why_suspect(result);
  std::string reason = why_not_carried(*result.measured.traffic);
  const bool is_late = result.measured.traffic->figures().verdict == RateVerdict::kLate;
  if (result.measured.stopped != Stop::kLate || is_late) return reason;
  if (!reason.empty()) reason += "; ";
  return reason +
         "the search ended early, because the generator was late three times: the highest rate may "
         "be another; run again when nothing else is running";
}

// Of those that sustain their rate, the best first: the lowest 99th percentile at the rate asked
// for, or the highest rate within the bound.
std::vector<const Result*> carried_best_first(const std::vector<Result>& results) {
  std::vector<const Result*> carried;
  for (const Result& result : results) {
    if (is_sustained(result) && result.measured.traffic->figures().p99_s)
      carried.push_back(&result);
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

std::string of_what(const TrafficResult& traffic) {
  if (!traffic.slo_p99_s) {
    return fmt::format("the lowest p99 at {} requests/s",
                       format_rate(traffic.figures().rate_per_s));
  }
  return fmt::format("the highest rate with a p99 of at most {}",
                     format_seconds(*traffic.slo_p99_s));
}

}  // namespace

std::string traffic_verdict(const Result& result) {
  const std::string problem = problem_of(result);
  if (!problem.empty()) return problem;
  const TrafficResult& traffic = *result.measured.traffic;
  if (traffic.figures().verdict != RateVerdict::kCarried) {
    return std::string(to_string(traffic.figures().verdict));
  }
  if (!traffic.figures().p99_s) return "too few";
  return carried_per_s(traffic) ? "ok" : "too slow";
}

Table traffic_table(const std::vector<Result>& results) {
  Table table{kTrafficColumns, {}};
  const std::vector<const Result*> carried = carried_best_first(results);
  for (const Result* result : carried) table.rows.push_back(traffic_row(*result));
  for (const Result& result : results) {
    if (std::find(carried.begin(), carried.end(), &result) == carried.end()) {
      table.rows.push_back(traffic_row(result));
    }
  }
  return table;
}

std::string traffic_notes(const std::vector<Result>& results) {
  std::string reasons;
  for (const Result& result : results) {
    const std::string reason = why(result);
    if (reason.empty()) continue;
    reasons +=
        fmt::format("{}: {}: {}\n", result.label, traffic_verdict(result), printable(reason));
  }
  return reasons;
}

std::string traffic_sentence(const std::vector<Result>& results) {
  const std::vector<const Result*> carried = carried_best_first(results);
  if (carried.empty()) {
    const bool busy = std::any_of(results.begin(), results.end(), [](const Result& result) {
      return is_suspect(result) || traffic_verdict(result) == "disturbed";
    });
    return busy ? "The machine was busy, so there are no latencies; run again when nothing else is "
                  "running."
                : "No engine has verified latencies for this traffic.";
  }
  const Result& best = *carried.front();
  const std::string name = best.label;
  if (carried.size() == 1) {
    return fmt::format("{} is the only engine with a valid result: {} is {}{}.", name,
                       of_what(*best.measured.traffic), figure(best), agreement(carried));
  }
  const std::vector<const Result*> first = may_be_best(carried, [&](const Result& other) {
    return surely_better(*best.measured.traffic, *other.measured.traffic);
  });
  if (first.size() > 1) {
    return fmt::format(
        "{} has {}: their intervals overlap, so there is no winner yet; a longer --budget may "
        "decide it{}.",
        names_of(first, "or"), of_what(*best.measured.traffic), agreement(carried));
  }
  return fmt::format("{} has {}: {}, {} {}{}.", name, of_what(*best.measured.traffic), figure(best),
                     carried[1]->label, figure(*carried[1]), agreement(carried));
}

}  // namespace dnnbench
