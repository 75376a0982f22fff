#include "cli/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "cli/layout.h"
#include "core/printable.h"
#include "results/units.h"

namespace dnnbench {
namespace {

using Row = std::vector<std::string>;

const Row kHeader{"engine",       "version",       "median",   "p90",       "p99",
                  "inferences/s", "relative time", "CPU time", "load time", "memory",
                  "precision",    "error",         "verdict"};
const std::vector<size_t> kLeftAligned{0, 1, 6, 10, 12};

bool is_verified(const Result& result) {
  return result.outcome.ok() && result.engine.verification.verdict == Verdict::kOk;
}

bool is_ranked(const Result& result) { return may_be_ranked(result) && result.rank; }

std::vector<const Result*> ranked_fastest_first(const std::vector<Result>& results) {
  std::vector<const Result*> ranked;
  for (const Result& result : results) {
    if (is_ranked(result)) ranked.push_back(&result);
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const Result* a, const Result* b) {
    return a->rank->to_best.value < b->rank->to_best.value;
  });
  const auto best = std::find_if(ranked.begin(), ranked.end(),
                                 [](const Result* result) { return result->rank->is_best; });
  std::rotate(ranked.begin(), best, best == ranked.end() ? best : best + 1);
  return ranked;
}

std::string ratio_cell(const Result& result) {
  if (!is_ranked(result)) return "-";
  const Rank& rank = *result.rank;
  return rank.is_best ? "1.00x" : ratio_words(rank.to_best);
}

std::string percentile_cell(const Result& result, int percentile) {
  const auto latency = latency_percentiles_s(result);
  const auto found = latency.find(fmt::format("p{}", percentile));
  return found == latency.end() ? "-" : format_seconds(found->second * to_blocks_of_best(result));
}

std::string cpu_cell(const Result& result) {
  const std::optional<double> cpu_s = cpu_s_per_inference(result);
  return cpu_s ? format_seconds(*cpu_s * to_blocks_of_best(result)) : "-";
}

std::string verdict_cell(const Result& result) {
  if (!result.outcome.ok()) return std::string(to_string(result.outcome.kind));
  if (result.engine.verification.verdict == Verdict::kUnverified) return "unverified";
  return is_suspect(result) ? "suspect" : "ok";
}

Row row_of(const Result& result) {
  Row row{result.label, result.engine.load.engine_version.value_or("-")};
  if (result.outcome.ok()) {
    const double median_s = median_latency_s(result) * to_blocks_of_best(result);
    row.insert(row.end(),
               {format_seconds(median_s), percentile_cell(result, 90), percentile_cell(result, 99),
                format_rate(1 / median_s), ratio_cell(result), cpu_cell(result)});
  } else {
    row.insert(row.end(), 6, "-");
  }
  row.push_back(load_cell(result));
  row.push_back(memory_cell(result));
  row.push_back(result.engine.load.in_force ? result.engine.load.in_force->precision : "-");
  row.push_back(error_cell(result.engine.verification));
  row.push_back(verdict_cell(result));
  return row;
}

std::string why_no_rank(const Result& result) {
  if (!result.outcome.ok()) return result.outcome.reason;
  if (!is_verified(result)) return result.engine.verification.reason;
  if (is_suspect(result)) return why_suspect(result);
  return "measured alone, because there was not enough memory to load it beside the others";
}

// Why an engine has no figure or no rank, a line each.
std::string reasons(const std::vector<Result>& results) {
  std::string text;
  for (const Result& result : results) {
    if (is_ranked(result)) continue;
    text += fmt::format("{}: {}: {}\n", result.label, verdict_cell(result),
                        printable(why_no_rank(result)));
  }
  return text;
}

// "confidence >= 99 %", never 100.
std::string confidence(double probability) {
  if (probability > 0.9999) return "confidence >= 99.99 %";
  const int digits = probability >= 0.99 ? 2 : 0;
  const double scale = std::pow(10, digits + 2);
  return fmt::format("confidence >= {:.{}f} %", std::floor(probability * scale) / scale * 100,
                     digits);
}

// How sure that is: " (confidence >= 99.4 %)". Where it isn't at the confidence asked for, whether
// more time may help.
std::string certainty(const Rank& rank) {
  if (rank.probability >= rank.confidence) {
    const bool whole = rank.order == Order::kAll && rank.engines > 2;
    return fmt::format(" ({}{})", whole ? "whole order: " : "", confidence(rank.probability));
  }
  return rank.order == Order::kAll
             ? "; part of the order is undecided, a longer --budget may decide it"
             : "; a longer --budget may decide it";
}

// By how many percent engines may differ from the best, at most; as many as are told of at least.
int percent_apart(const std::vector<const Result*>& engines) {
  double apart = kTie;
  for (const Result* engine : engines) {
    const Interval& interval = engine->rank->to_best.interval;
    apart = std::max({apart, interval.high - 1, 1 / interval.low - 1});
  }
  return apart > 1 ? 100 : static_cast<int>(std::ceil(100 * apart - 1e-6));
}

// Two engines or more. Nothing is called fastest while one that may be faster is undecided,
// wherever its estimate has put it, unless that is known to be so near that it makes no difference.
std::string comparison(const std::vector<const Result*>& ranked) {
  constexpr int kNearPercent = 3;
  const Rank& best = *ranked.front()->rank;
  std::vector<const Result*> first;
  for (const Result* result : ranked) {
    if (result->rank->to_best.relation != Relation::kSlower) first.push_back(result);
  }
  const int apart = percent_apart(first);
  if (apart > kNearPercent && best.probability < best.confidence) {
    return fmt::format("{} is fastest, with no winner yet at {:g} % confidence",
                       names_of(first, "or"), 100 * best.confidence);
  }
  if (first.size() > 1)
    return fmt::format("{} are equally fast, within {} %", names_of(first, "and"), apart);
  return fmt::format("{} is fastest: {} takes {:.2f} times as long", ranked[0]->label,
                     ranked[1]->label, ranked[1]->rank->to_best.value);
}

// "2 threads", or "1 or 2 threads"; in throughput mode, which shares them out itself, "2 cores".
std::string threads_of(const std::vector<Result>& results) {
  if (results.front().mode == Mode::kThroughput) {
    return counted(results.front().environment.physical_cores, "core");
  }
  std::set<int> counts;
  for (const Result& result : results) counts.insert(result.threads);
  return fmt::format("{} thread{}", fmt::join(counts, " or "), counts == std::set{1} ? "" : "s");
}

// ", inputs x[1,3,224,224]"; nothing where engines chose batches of their own.
std::string inputs_of(const std::vector<Result>& results) {
  std::vector<std::string> inputs;
  for (const Result& result : results) {
    if (result.model.input_shapes != results.front().model.input_shapes) return "";
  }
  for (const auto& [name, shape] : results.front().model.input_shapes) {
    inputs.push_back(fmt::format("{}[{}]", printable(name), fmt::join(shape, ",")));
  }
  return fmt::format(", inputs {}", fmt::join(inputs, " "));
}

}  // namespace

std::string ratio_words(const Ratio& ratio) {
  if (ratio.relation == Relation::kTie) return "tie";
  const Interval& interval = ratio.interval;
  const bool known = interval.low > 0 && std::isfinite(interval.high);
  return known ? fmt::format("{:.2f}x [{:.2f}, {:.2f}]", ratio.value, interval.low, interval.high)
               : fmt::format("{:.2f}x [?]", ratio.value);  // too few blocks for an interval
}

std::string error_cell(const Verification& verification) {
  return verification.max_rel_error ? fmt::format("{:.0e}", *verification.max_rel_error) : "-";
}

std::string load_cell(const Result& result) {
  const LoadFacts& load = result.engine.load;
  return load.load_s ? format_seconds(*load.load_s + load.convert_s.value_or(0)) : "-";
}

std::string memory_cell(const Result& result) {
  const std::optional<int64_t>& bytes = result.engine.peak_rss_bytes;
  return bytes ? format_bytes(*bytes) : "-";
}

std::string agreement(const std::vector<const Result*>& results) {
  double worst = 0;
  for (const Result* result : results) {
    worst = std::max(worst, result->engine.verification.max_rel_error.value_or(0));
  }
  return worst == 0 ? "outputs agree exactly" : fmt::format("outputs agree within {:.0e}", worst);
}

std::string names_of(const std::vector<const Result*>& results, const std::string& conjunction) {
  std::vector<std::string> names;
  for (const Result* result : results) names.push_back(result->label);
  if (names.size() == 1) return names[0];
  return fmt::format("{} {} {}", fmt::join(names.begin(), names.end() - 1, ", "), conjunction,
                     names.back());
}

std::string heading(const std::vector<Result>& results) {
  const Result& first = results.front();
  return fmt::format("{} on {}: {}, {}{}", std::filesystem::path(first.model.path).stem().string(),
                     first.instance, threads_of(results), first.candidate.precision,
                     inputs_of(results));
}

std::string results_table(const std::vector<Result>& results) {
  const auto ranked = ranked_fastest_first(results);
  std::vector<Row> rows{kHeader};
  for (const Result* result : ranked) rows.push_back(row_of(*result));
  for (const Result& result : results) {
    if (!is_ranked(result)) rows.push_back(row_of(result));
  }
  return layout(rows, kLeftAligned) + reasons(results);
}

std::string closing_sentence(const std::vector<Result>& results) {
  for (const Result& result : results) {
    if (!is_verified(result) || !is_suspect(result)) continue;
    return fmt::format(
        "The machine was busy: {}. There is no ranking; run again when nothing else is running.",
        why_suspect(result));
  }
  const auto ranked = ranked_fastest_first(results);
  if (ranked.empty()) return "No engine produced verified outputs, so there is nothing to rank.";
  if (ranked.size() == 1) {
    return fmt::format("{} is the only engine with a verified result: {} per inference; {}.",
                       ranked[0]->label, format_seconds(median_latency_s(*ranked[0])),
                       agreement(ranked));
  }
  return fmt::format("{}{}; {}.", comparison(ranked), certainty(*ranked.front()->rank),
                     agreement(ranked));
}

}  // namespace dnnbench
