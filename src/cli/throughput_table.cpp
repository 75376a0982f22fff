#include "cli/throughput_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "cli/layout.h"
#include "cli/table.h"
#include "core/printable.h"
#include "results/units.h"

namespace dnnbench {
namespace {

// Figures in throughput_row's order. The last number is the order in which columns are dropped.
const std::vector<Column> kThroughputColumns{
    {"engine", "engine", Align::kLeft},
    {"version", "engine_version", Align::kLeft, 1},
    {"streams x threads", "streams_x_threads"},
    {"batch", "batch"},
    {"items/s", "items_per_s"},
    {"95 % CI", "items_per_s_ci95", Align::kLeft, 5},
    {"vs previous best", "relative_throughput", Align::kLeft, 4},
    {"p99", "p99_s", Align::kRight, 3},
    {"memory", "peak_rss_bytes", Align::kRight, 2},
    {"verdict", "verdict", Align::kLeft},
};

std::string interval_cell(const TriedSetting& setting) {
  if (!setting.least_per_s) return "-";
  return fmt::format("[{}, {}]", format_rate(*setting.least_per_s),
                     format_rate(*setting.greatest_per_s));
}

Cell ratio_cell(const TriedSetting& setting) {
  if (!setting.against) return {"-", std::nullopt};
  if (setting.speed.value <= 0) return {"?", std::nullopt};  // no undisturbed block
  return {ratio_words(setting.speed), setting.speed.value};
}

std::optional<double> if_positive(double value) {
  return value > 0 ? std::optional(value) : std::nullopt;
}

std::string words(const TriedSetting& setting) {
  std::string text = fmt::format("{} x {}", setting.streams, setting.threads);
  if (setting.batch) text += fmt::format(", batch {}", *setting.batch);
  return text;
}

// Disturbed, so that it is not known whether it keeps the bound on its p99.
bool is_left_open(const TriedSetting& setting) {
  return !setting.reason.empty() && setting.per_s > 0 && setting.p99_s <= 0;
}

std::string verdict_of(const Result& result, size_t index) {
  const TriedSetting& setting = result.measured.throughput->tried[index];
  if (is_left_open(setting)) return "disturbed";
  if (!setting.reason.empty()) return setting.per_s > 0 ? "too slow" : "failed";
  if (index != result.measured.throughput->chosen) return "";
  if (result.engine.verification.verdict == Verdict::kUnverified) return "unverified";
  return is_suspect(result) ? "suspect" : "best";
}

Cells throughput_row(const Result& result, size_t index) {
  const TriedSetting& setting = result.measured.throughput->tried[index];
  return {
      result.label,
      result.engine.load.engine_version.value_or("-"),
      fmt::format("{} x {}", setting.streams, setting.threads),
      batch_cell(setting.batch),
      rate_cell(if_positive(setting.per_s)),
      interval_cell(setting),
      ratio_cell(setting),
      seconds_cell(if_positive(setting.p99_s)),
      setting.peak_rss_bytes > 0 ? bytes_cell(setting.peak_rss_bytes) : bytes_cell(std::nullopt),
      verdict_of(result, index)};
}

// Whether some core is two processes', although each was given its own.
bool share_a_core(const TriedSetting& setting) {
  std::set<int> all;
  size_t count = 0;
  for (const std::vector<int>& cores : setting.process_cores) {
    all.insert(cores.begin(), cores.end());
    count += cores.size();
  }
  return all.size() < count;
}

// What a reader must know of the setting, one line per engine.
std::string remarks(const std::string& label, const TriedSetting& setting) {
  std::string text;
  const std::string what = fmt::format("{}, {}: ", label, words(setting));
  if (!setting.reason.empty()) text += what + printable(setting.reason) + "\n";
  if (share_a_core(setting)) {
    text += what + "its processes left the cores assigned to them and share some\n";
  }
  return text;
}

std::vector<size_t> best_first(const ThroughputResult& throughput) {
  std::vector<size_t> order{throughput.chosen};
  for (size_t i = 0; i < throughput.tried.size(); ++i) {
    if (i != throughput.chosen) order.push_back(i);
  }
  return order;
}

std::vector<const Result*> fastest_first(const std::vector<Result>& results) {
  std::vector<const Result*> ranked;
  for (const Result& result : results) {
    if (may_be_ranked(result) && result.measured.throughput) ranked.push_back(&result);
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const Result* a, const Result* b) {
    return a->measured.throughput->best().per_s > b->measured.throughput->best().per_s;
  });
  return ranked;
}

bool is_tried_again(const ThroughputResult& throughput, size_t index) {
  const std::vector<TriedSetting>& tried = throughput.tried;
  const auto is_same = [&](const TriedSetting& later) {
    return later.streams == tried[index].streams && later.threads == tried[index].threads &&
           later.batch == tried[index].batch;
  };
  return std::any_of(tried.begin() + static_cast<std::ptrdiff_t>(index) + 1, tried.end(), is_same);
}

// What a setting is that the best one did not beat; "" where it did.
std::string beside_the_best(const ThroughputResult& throughput, size_t index) {
  const TriedSetting& setting = throughput.tried[index];
  const bool compared = setting.against == throughput.chosen;
  const Relation relation = setting.speed.relation;
  constexpr const char* kUnknown = "may be as fast or faster";
  if (is_left_open(setting)) {
    const bool is_slower = compared && relation == Relation::kSlower;
    return is_slower || is_tried_again(throughput, index) ? "" : kUnknown;
  }
  if (!compared || !setting.reason.empty()) return "";
  if (relation == Relation::kTie) return "is equally fast";
  return relation == Relation::kUndecided ? kUnknown : "";
}

// Of all of them: " (2 x 1 is equally fast)".
std::string equals(const ThroughputResult& throughput) {
  std::vector<std::string> ties;
  for (size_t i = 0; i < throughput.tried.size(); ++i) {
    const std::string what = beside_the_best(throughput, i);
    if (!what.empty()) ties.push_back(words(throughput.tried[i]) + " " + what);
  }
  return ties.empty() ? "" : fmt::format(" ({})", fmt::join(ties, "; "));
}

std::string figures(const Result& result) {
  const ThroughputResult& throughput = *result.measured.throughput;
  return fmt::format("{} items/s with {}{}", format_rate(throughput.best().per_s),
                     words(throughput.best()), equals(throughput));
}

bool is_surely_faster(const Result& a, const Result& b) {
  const std::optional<double>& least = a.measured.throughput->best().least_per_s;
  const std::optional<double>& greatest = b.measured.throughput->best().greatest_per_s;
  return least && greatest && *least > *greatest;
}

// Several that may be the fastest: why that is open, and what is known of each.
std::string undecided(const std::vector<const Result*>& first) {
  std::string each;
  bool all_known = true;
  for (const Result* result : first) {
    each += fmt::format("; {}: {}", result->label, figures(*result));
    all_known = all_known && result->measured.throughput->best().least_per_s;
  }
  return fmt::format("{}, so there is no winner yet{}",
                     all_known ? "their intervals overlap" : "not all their intervals are known",
                     each);
}

}  // namespace

Table throughput_table(const std::vector<Result>& results) {
  Table table{kThroughputColumns, {}};
  for (const Result& result : results) {
    if (!result.measured.throughput) {
      Cells row{result.label, result.engine.load.engine_version.value_or("-"), "-"};
      row.insert(row.end(), 6, {"-", std::nullopt});
      row.emplace_back(std::string(to_string(result.outcome.kind)));
      table.rows.push_back(std::move(row));
      continue;
    }
    for (const size_t index : best_first(*result.measured.throughput)) {
      table.rows.push_back(throughput_row(result, index));
    }
  }
  return table;
}

std::string throughput_notes(const std::vector<Result>& results) {
  std::string reasons;
  for (const Result& result : results) {
    const std::string label = result.label;
    if (!result.measured.throughput) {
      reasons += fmt::format("{}: {}: {}\n", label, to_string(result.outcome.kind),
                             printable(result.outcome.reason));
      continue;
    }
    for (const size_t index : best_first(*result.measured.throughput)) {
      reasons += remarks(label, result.measured.throughput->tried[index]);
    }
    if (is_suspect(result)) reasons += fmt::format("{}: suspect: {}\n", label, why_suspect(result));
    if (!result.measured.throughput->complete) {
      const bool interrupted = result.measured.stopped == Stop::kInterrupted;
      reasons += fmt::format("{}: {} before all settings were tried\n", label,
                             interrupted ? "interrupted" : "the budget ran out");
    }
  }
  return reasons;
}

std::string throughput_sentence(const std::vector<Result>& results) {
  const std::vector<const Result*> ranked = fastest_first(results);
  if (ranked.empty()) return "No engine has a verified throughput measured on a quiet machine.";
  const std::vector<const Result*> first =
      may_be_best(ranked, [&](const Result& other) { return is_surely_faster(*ranked[0], other); });
  std::string text = first.size() > 1 ? undecided(first) : figures(*ranked[0]);
  if (first.size() == 1 && ranked.size() > 1) {
    text += fmt::format("; next is {}: {}", ranked[1]->label, figures(*ranked[1]));
  }
  return fmt::format("{} has the highest throughput: {}{}.", names_of(first, "or"), text,
                     agreement(ranked));
}

}  // namespace dnnbench
