#include "cli/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <set>
#include <utility>

#include "cli/layout.h"
#include "core/printable.h"
#include "machine/read_environment.h"
#include "results/units.h"

namespace dnnbench {
namespace {

// Figures in row_of's order. The last number is the order in which columns are dropped.
const std::vector<Column> kColumns{
    {"engine", "engine", Align::kLeft},
    {"version", "engine_version", Align::kLeft, 3},
    {"median", "p50_s"},
    {"p90", "p90_s", Align::kRight, 8},
    {"p99", "p99_s", Align::kRight, 9},
    {"inferences/s", "inferences_per_s", Align::kRight, 7},
    {"relative time", "relative_time", Align::kLeft},
    {"", "relative_time_low"},
    {"", "relative_time_high"},
    {"CPU time", "cpu_s_per_inference", Align::kRight, 5},
    {"load time", "load_s", Align::kRight, 4},
    {"memory", "peak_rss_bytes", Align::kRight, 6},
    {"precision", "precision", Align::kLeft, 2},
    {"error", "max_rel_error", Align::kRight, 1},
    {"verdict", "verdict", Align::kLeft},
};

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

// The ratio and the ends of its interval.
void add_ratio(const Result& result, Cells& row) {
  if (!is_ranked(result)) {
    row.insert(row.end(), 3, {"-", std::nullopt});
    return;
  }
  const Rank& rank = *result.rank;
  row.emplace_back(rank.is_best ? "1.00x" : ratio_words(rank.to_best), rank.to_best.value);
  row.emplace_back("", rank.to_best.interval.low);
  row.emplace_back("", rank.to_best.interval.high);
}

std::string verdict_cell(const Result& result) {
  const std::string problem = problem_of(result);
  if (!problem.empty()) return problem;
  return result.acceptance && result.acceptance->accepted == false ? "not accepted" : "ok";
}

Cells row_of(const Result& result) {
  Cells row{result.label, result.engine.load.engine_version.value_or("-")};
  if (result.outcome.ok()) {
    const double median_s = shown_median_s(result);
    const auto latency_s = shown_percentiles_s(result);
    std::optional<double> cpu_s = cpu_s_per_inference(result);
    if (cpu_s) *cpu_s *= to_blocks_of_best(result);
    row.push_back(seconds_cell(median_s));
    row.push_back(percentile_cell(latency_s, "p90"));
    row.push_back(percentile_cell(latency_s, "p99"));
    row.push_back(rate_cell(1 / median_s));
    add_ratio(result, row);
    row.push_back(seconds_cell(cpu_s));
  } else {
    row.insert(row.end(), 8, {"-", std::nullopt});
  }
  row.push_back(load_cell(result));
  row.push_back(memory_cell(result));
  row.emplace_back(result.engine.load.in_force ? result.engine.load.in_force->precision : "-");
  row.push_back(error_cell(result.engine.verification));
  row.emplace_back(verdict_cell(result));
  return row;
}

std::string why_no_rank(const Result& result) {
  if (!result.outcome.ok()) return result.outcome.reason;
  if (!is_verified(result)) return result.engine.verification.reason;
  if (is_suspect(result)) return why_suspect(result);
  if (result.acceptance && result.acceptance->accepted == false) return result.acceptance->reason;
  return "measured alone, because there was not enough memory to load it beside the others";
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
std::string certainty(const Result& best, bool best_is_known) {
  const Rank& rank = *best.rank;
  if (rank.probability >= rank.confidence) {
    const bool whole = rank.order == Order::kAll && rank.engines > 2 && rank.decided;
    return fmt::format(" ({}{})", whole ? "whole order: " : "", confidence(rank.probability));
  }
  const bool is_part = rank.order == Order::kAll || best_is_known;
  return fmt::format("; {}a {} may decide it", is_part ? "part of the order is undecided, " : "",
                     best.repeat ? "larger --repeat" : "longer --budget");
}

// By how many percent these engines may differ from the best, at most.
int percent_apart(const std::vector<const Result*>& engines) {
  double apart = kTie;
  for (const Result* engine : engines) {
    const Interval& interval = engine->rank->to_best.interval;
    apart = std::max({apart, interval.high - 1, 1 / interval.low - 1});
  }
  return apart > 1 ? 100 : static_cast<int>(std::ceil(100 * apart - 1e-6));
}

// The best, and who is not known to be slower than it or than another one.
std::vector<const Result*> may_be_fastest(const std::vector<const Result*>& ranked) {
  return may_be_best(ranked, [](const Result& other) {
    return other.rank->place > 1 || other.rank->to_best.relation == Relation::kSlower;
  });
}

// Of several that may be fastest, the best first: a tie, or how near they are known to be.
std::string nearness(const std::vector<const Result*>& first, int percent) {
  const bool all_tie = std::all_of(first.begin(), first.end(), [](const Result* result) {
    return result->rank->to_best.relation == Relation::kTie;
  });
  const std::string names = names_of(first, "and");
  if (all_tie) return fmt::format("{} are equally fast, within {} %", names, percent);
  return fmt::format("{} are the fastest, within {} % of {}", names, percent,
                     first.size() == 2 ? "each other" : first.front()->label);
}

// Two engines or more. Nothing is called fastest while one that may be faster is undecided,
// wherever its estimate has put it, unless that is known to be so near that it makes no difference.
std::string comparison(const std::vector<const Result*>& ranked) {
  constexpr int kNearPercent = 3;
  const Rank& best = *ranked.front()->rank;
  const std::vector<const Result*> first = may_be_fastest(ranked);
  const int apart = percent_apart(first);
  if (apart > kNearPercent && best.probability < best.confidence) {
    return fmt::format("{} is fastest, with no winner yet at {:g} % confidence",
                       names_of(first, "or"), 100 * best.confidence);
  }
  if (first.size() > 1) return nearness(first, apart);
  return fmt::format("{} is fastest: {} takes {:.2f} times as long", ranked[0]->label,
                     ranked[1]->label, ranked[1]->rank->to_best.value);
}

// A quantised form of a model has a reference of its own.
bool have_one_reference(const Result& a, const Result& b) {
  const auto form = [](const Result& result) {
    const std::string& precision = result.candidate.precision;
    return is_quantised(precision) ? std::pair(precision, result.model.path)
                                   : std::pair<std::string, std::string>();
  };
  return form(a) == form(b);
}

std::string why_no_ranking(const std::vector<Result>& results) {
  for (const Result& result : results) {
    if (!is_verified(result) || !is_suspect(result)) continue;
    return fmt::format(
        "The machine was busy: {}. There is no ranking; run again when nothing else is running.",
        why_suspect(result));
  }
  const bool any_refused = std::any_of(results.begin(), results.end(), [](const Result& result) {
    return is_verified(result) && result.acceptance && result.acceptance->accepted == false;
  });
  return any_refused ? "No verified variant is accepted, so there is nothing to rank."
                     : "No engine produced verified outputs, so there is nothing to rank.";
}

// Whom a ranking lacks because the machine was busy, to end its sentence with; "" where nobody.
std::string without_suspect(const std::vector<Result>& results) {
  std::vector<const Result*> suspect;
  for (const Result& result : results) {
    if (is_verified(result) && is_suspect(result)) suspect.push_back(&result);
  }
  if (suspect.empty()) return "";
  return fmt::format(
      "; the machine was busy, so {} {} no rank: run again when nothing else is "
      "running",
      names_of(suspect, "and"), suspect.size() == 1 ? "has" : "have");
}

// "2 threads", or "1 or 2 threads"; in throughput mode, which shares them out itself, "2 cores".
std::string threads_of(const std::vector<Result>& results) {
  if (results.front().mode == Mode::kThroughput) {
    return counted(default_threads(results.front().environment), "core");
  }
  std::set<int> counts;
  for (const Result& result : results) counts.insert(result.threads);
  return fmt::format("{} thread{}", fmt::join(counts, " or "), counts == std::set{1} ? "" : "s");
}

// "f32", or "f32 or int8".
std::string precisions_of(const std::vector<Result>& results) {
  std::vector<std::string> precisions;
  for (const Result& result : results) {
    const std::string& precision = result.candidate.precision;
    if (std::find(precisions.begin(), precisions.end(), precision) == precisions.end()) {
      precisions.push_back(precision);
    }
  }
  return fmt::format("{}", fmt::join(precisions, " or "));
}

// ", inputs x[1,3,224,224]"; nothing without inputs or where engines chose batches of their own.
std::string inputs_of(const std::vector<Result>& results) {
  std::vector<std::string> inputs;
  for (const Result& result : results) {
    if (result.model.input_shapes != results.front().model.input_shapes) return "";
  }
  for (const auto& [name, shape] : results.front().model.input_shapes) {
    inputs.push_back(fmt::format("{}[{}]", printable(name), fmt::join(shape, ",")));
  }
  return inputs.empty() ? "" : fmt::format(", inputs {}", fmt::join(inputs, " "));
}

}  // namespace

std::string problem_of(const Result& result) {
  if (!result.outcome.ok()) return std::string(to_string(result.outcome.kind));
  if (result.engine.verification.verdict == Verdict::kUnverified) return "unverified";
  if (is_suspect(result)) return "suspect";
  return "";
}

std::string ratio_words(const Ratio& ratio) {
  return ratio.relation == Relation::kTie ? "tie" : ratio_figures(ratio);
}

std::string ratio_figures(const Ratio& ratio) {
  const Interval& interval = ratio.interval;
  const bool known = interval.low > 0 && std::isfinite(interval.high);
  return known ? fmt::format("{:.2f}x [{:.2f}, {:.2f}]", ratio.value, interval.low, interval.high)
               : fmt::format("{:.2f}x [?]", ratio.value);  // too few blocks for an interval
}

Cell seconds_cell(std::optional<double> seconds) {
  return {seconds ? format_seconds(*seconds) : "-", seconds};
}

Cell rate_cell(std::optional<double> per_s) { return {per_s ? format_rate(*per_s) : "-", per_s}; }

Cell percentile_cell(const std::map<std::string, double>& latency_s, const std::string& name) {
  const auto found = latency_s.find(name);
  return seconds_cell(found == latency_s.end() ? std::nullopt : std::optional(found->second));
}

Cell batch_cell(std::optional<int64_t> batch) {
  if (!batch) return {"-", std::nullopt};
  return {fmt::format("{}", *batch), static_cast<double>(*batch)};
}

Cell error_cell(const Verification& verification) {
  const std::optional<double> error = verification.max_rel_error;
  std::string text = error ? fmt::format("{:.0e}", *error) : "";
  if (const int64_t differing = verification.differing_elements.value_or(0); differing > 0) {
    text += fmt::format("{}{} differ", text.empty() ? "" : ", ", differing);
  }
  return {text.empty() ? "-" : text, error};
}

Cell load_cell(const Result& result) {
  const LoadFacts& load = result.engine.load;
  if (!load.load_s) return seconds_cell(std::nullopt);
  return seconds_cell(*load.load_s + load.convert_s.value_or(0));
}

Cell bytes_cell(std::optional<int64_t> bytes) {
  if (!bytes) return {"-", std::nullopt};
  return {format_bytes(*bytes), static_cast<double>(*bytes)};
}

Cell memory_cell(const Result& result) { return bytes_cell(result.engine.peak_rss_bytes); }

std::string agreement(const std::vector<const Result*>& results) {
  double worst = 0;
  int64_t differing = 0;
  for (const Result* result : results) {
    if (!have_one_reference(*result, *results.front())) return "";
    const Verification& verification = result->engine.verification;
    if (!verification.max_rel_error && !verification.differing_elements) return "";
    worst = std::max(worst, verification.max_rel_error.value_or(0));
    differing = std::max(differing, verification.differing_elements.value_or(0));
  }
  std::string text =
      worst == 0 ? "; outputs agree exactly" : fmt::format("; outputs agree within {:.0e}", worst);
  if (differing == 0) return text;
  return text + fmt::format(" but for {}{}", results.size() > 1 ? "at most " : "",
                            counted(differing, "element"));
}

std::vector<const Result*> may_be_best(const std::vector<const Result*>& best_first,
                                       const std::function<bool(const Result&)>& is_worse) {
  std::vector<const Result*> found{best_first.front()};
  std::copy_if(best_first.begin() + 1, best_first.end(), std::back_inserter(found),
               [&](const Result* other) { return !is_worse(*other); });
  return found;
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
  const std::string model = std::filesystem::path(first.model.path).stem().string();
  return fmt::format("{} on {}: {}, {}{}", printable(model), printable(first.instance),
                     threads_of(results), precisions_of(results), inputs_of(results));
}

Table results_table(const std::vector<Result>& results) {
  const auto ranked = ranked_fastest_first(results);
  Table table{kColumns, {}};
  for (const Result* result : ranked) table.rows.push_back(row_of(*result));
  for (const Result& result : results) {
    if (!is_ranked(result)) table.rows.push_back(row_of(result));
  }
  return table;
}

std::string results_notes(const std::vector<Result>& results) {
  std::vector<std::pair<std::string, std::string>>
      notes;  // whose, and what: often the same for all
  for (const Result& result : results) {
    if (is_ranked(result)) continue;
    const std::string what =
        fmt::format("{}: {}", verdict_cell(result), printable(why_no_rank(result)));
    if (is_suspect(result) && !notes.empty() && notes.back().second == what) {
      notes.back().first += "; " + result.label;
    } else {
      notes.emplace_back(result.label, what);
    }
  }
  std::string text;
  for (const auto& [labels, what] : notes) text += fmt::format("{}: {}\n", labels, what);
  return text;
}

std::string closing_sentence(const std::vector<Result>& results) {
  const auto ranked = ranked_fastest_first(results);
  if (ranked.empty()) return why_no_ranking(results);
  if (ranked.size() == 1) {
    const bool alone = std::count_if(results.begin(), results.end(), is_verified) == 1;
    return fmt::format(
        "{} {}: {} per inference{}{}.", ranked[0]->label,
        alone ? "is the only engine with a verified result" : "alone could be ranked",
        format_seconds(shown_median_s(*ranked[0])), agreement(ranked), without_suspect(results));
  }
  const bool best_is_known = may_be_fastest(ranked).size() == 1;
  return fmt::format("{}{}{}{}.", comparison(ranked), certainty(*ranked.front(), best_is_known),
                     agreement(ranked), without_suspect(results));
}

}  // namespace dnnbench
