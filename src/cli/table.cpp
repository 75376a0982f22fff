#include "cli/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/printable.h"
#include "results/units.h"

namespace dnnbench {
namespace {

using Row = std::vector<std::string>;

const Row kHeader{"engine",  "version", "median", "p90",       "p99",   "inferences/s",
                  "vs best", "load",    "memory", "precision", "error", "verdict"};
constexpr size_t kLeftAligned[] = {0, 1, 9, 11};

// Medians nearer than this are called equal: two runs of one engine differ by as much.
constexpr double kAlike = 1.01;

bool is_left_aligned(size_t column) {
  return std::find(std::begin(kLeftAligned), std::end(kLeftAligned), column) !=
         std::end(kLeftAligned);
}

bool is_verified(const Result& result) {
  return result.outcome.ok() && result.verification.verdict == Verdict::kOk;
}

// An engine has a rank when it was proven right and measured undisturbed.
bool is_ranked(const Result& result) { return is_verified(result) && !is_suspect(result); }

std::vector<const Result*> ranked_fastest_first(const std::vector<Result>& results) {
  std::vector<const Result*> ranked;
  for (const Result& result : results) {
    if (is_ranked(result)) ranked.push_back(&result);
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const Result* a, const Result* b) {
    return median_latency_s(*a) < median_latency_s(*b);
  });
  return ranked;
}

std::string percentile_cell(const Result& result, int percentile) {
  const auto latency = latency_percentiles_s(result);
  const auto found = latency.find(fmt::format("p{}", percentile));
  return found == latency.end() ? "-" : format_seconds(found->second);
}

std::string error_cell(const Verification& verification) {
  return verification.max_rel_error ? fmt::format("{:.0e}", *verification.max_rel_error) : "-";
}

std::string verdict_cell(const Result& result) {
  if (!result.outcome.ok()) return std::string(to_string(result.outcome.kind));
  if (result.verification.verdict == Verdict::kUnverified) return "unverified";
  return is_suspect(result) ? "suspect" : "ok";
}

// `best_s` is the fastest engine's median; unused where the engine has no rank.
Row row_of(const Result& result, double best_s) {
  const auto optional_cell = [](const auto& value, auto format) {
    return value ? format(*value) : std::string("-");
  };
  Row row{engine_label(result), result.engine_version.value_or("-")};
  if (result.outcome.ok()) {
    const double median_s = median_latency_s(result);
    row.insert(row.end(), {format_seconds(median_s), percentile_cell(result, 90),
                           percentile_cell(result, 99), format_rate(1 / median_s),
                           is_ranked(result) ? fmt::format("{:.2f}x", median_s / best_s) : "-"});
  } else {
    row.insert(row.end(), 5, "-");
  }
  row.push_back(result.load_s ? format_seconds(*result.load_s + result.convert_s.value_or(0))
                              : "-");
  row.push_back(optional_cell(result.peak_rss_bytes, format_bytes));
  row.push_back(result.in_force ? result.in_force->precision : "-");
  row.push_back(error_cell(result.verification));
  row.push_back(verdict_cell(result));
  return row;
}

std::string layout(const std::vector<Row>& rows) {
  std::vector<size_t> widths(kHeader.size(), 0);
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      line += is_left_aligned(i) ? fmt::format("{:<{}}", row[i], widths[i])
                                 : fmt::format("{:>{}}", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

// Why an engine has no figure or no rank, a line each.
std::string reasons(const std::vector<Result>& results) {
  std::string text;
  for (const Result& result : results) {
    const std::string& reason =
        result.outcome.ok() ? result.verification.reason : result.outcome.reason;
    if (!is_verified(result)) {
      text += fmt::format("{}: {}: {}\n", engine_label(result), verdict_cell(result),
                          printable(reason));
    }
  }
  return text;
}

std::string agreement(const std::vector<const Result*>& ranked) {
  double worst = 0;
  for (const Result* result : ranked) {
    worst = std::max(worst, result->verification.max_rel_error.value_or(0));
  }
  return worst == 0 ? "outputs agree exactly" : fmt::format("outputs agree within {:.0e}", worst);
}

std::string busy_machine(const Result& result) {
  return fmt::format(
      "The machine was busy: {} waited for a core during {:.0f} % of its timing, so these figures "
      "give no ranking; run again when nothing else runs.",
      engine_label(result), 100 * *result.run_queue_wait_share);
}

}  // namespace

std::string engine_label(const Result& result) {
  return engine_label(result.backend, result.backend_meta);
}

std::string engine_label(const std::string& backend, const std::string& backend_meta) {
  const size_t dash = backend_meta.find('-');
  const std::string variant = backend_meta.substr(0, dash);
  std::string label = backend;
  if (variant != "cpu") label += "-" + variant;
  if (dash != std::string::npos) label += " (" + backend_meta.substr(dash + 1) + ")";
  return label;
}

std::string heading(const std::vector<Result>& results) {
  const Result& first = results.front();
  std::vector<std::string> inputs;
  for (const auto& [name, shape] : first.input_shapes) {
    inputs.push_back(fmt::format("{}[{}]", printable(name), fmt::join(shape, ",")));
  }
  return fmt::format("{} on {}: {} thread{}, {}, inputs {}",
                     std::filesystem::path(first.model_path).stem().string(), first.instance,
                     first.threads, first.threads == 1 ? "" : "s", first.precision,
                     fmt::join(inputs, " "));
}

std::string results_table(const std::vector<Result>& results) {
  const auto ranked = ranked_fastest_first(results);
  const double best_s = ranked.empty() ? 0 : median_latency_s(*ranked.front());
  std::vector<Row> rows{kHeader};
  for (const Result* result : ranked) rows.push_back(row_of(*result, best_s));
  for (const Result& result : results) {
    if (!is_ranked(result)) rows.push_back(row_of(result, best_s));
  }
  return layout(rows) + reasons(results);
}

std::string closing_sentence(const std::vector<Result>& results) {
  for (const Result& result : results) {
    if (is_verified(result) && is_suspect(result)) return busy_machine(result);
  }
  const auto ranked = ranked_fastest_first(results);
  if (ranked.empty()) return "No engine computed verified outputs, so there is nothing to rank.";
  const std::string best = engine_label(*ranked[0]);
  if (ranked.size() == 1) {
    return fmt::format("{} is the only engine with a verified result: {} an inference; {}.", best,
                       format_seconds(median_latency_s(*ranked[0])), agreement(ranked));
  }
  const double ratio = median_latency_s(*ranked[1]) / median_latency_s(*ranked[0]);
  if (ratio < kAlike) {
    return fmt::format("{} and {} are equally fast, within 1 %; {}.", best,
                       engine_label(*ranked[1]), agreement(ranked));
  }
  return fmt::format("{} is fastest: {:.2f} times {}; {}.", best, ratio, engine_label(*ranked[1]),
                     agreement(ranked));
}

}  // namespace dnnbench
