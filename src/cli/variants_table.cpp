#include "cli/variants_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/layout.h"
#include "cli/table.h"
#include "core/printable.h"
#include "machine/read_environment.h"
#include "results/units.h"

namespace dnnbench {
namespace {

// Figures in variant_row's order. The last number is the order in which columns are dropped.
const std::vector<Column> kVariantColumns{
    {"variant", "", Align::kLeft},
    {"time vs f32", "", Align::kLeft},
    {"error (median)", "", Align::kRight, 6},
    {"error (max)", ""},
    {"cosine", "", Align::kRight, 2},
    {"top-1 agreement", "", Align::kRight, 5},
    {"drop", "", Align::kLeft, 7},
    {"size", "", Align::kRight, 4},
    {"made in", "", Align::kRight, 1},
    {"in force", "", Align::kLeft, 3},
    {"accepted", "", Align::kLeft},
};

bool is_variant(const Result& result) { return result.candidate.precision != "f32"; }

std::string error_cell(double value) {
  return std::isfinite(value) ? fmt::format("{:.2g}", value) : "?";
}

std::string accepted_cell(const Result& result) {
  if (!result.outcome.ok()) return std::string(to_string(result.outcome.kind));
  if (result.variant && result.variant->calibration == "generated") return "uncalibrated";
  if (!result.acceptance || !result.acceptance->accepted) return "no bound given";
  return *result.acceptance->accepted ? "yes" : "no";
}

std::string drop_cell(const std::optional<Drop>& drop) {
  if (!drop) return "-";
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", drop->drop(), drop->low(), drop->high());
}

Cells variant_row(const Result& result) {
  Cells row{result.label, result.to_f32 ? ratio_words(*result.to_f32) : "-"};
  if (const std::optional<Accuracy>& accuracy = result.engine.accuracy) {
    const std::string mark = accuracy->given ? "" : "*";
    row.push_back(error_cell(accuracy->median_error) + mark);
    row.push_back(error_cell(accuracy->max_error) + mark);
    row.push_back(fmt::format("{:.4f}", accuracy->min_cosine));
    row.push_back(accuracy->top1_agreement ? fmt::format("{:.1f}%", 100 * *accuracy->top1_agreement)
                                           : "-");
    row.push_back(drop_cell(accuracy->drop));
  } else {
    row.insert(row.end(), 5, "-");
  }
  const bool made = result.variant && result.variant->outcome.ok();
  row.push_back(made ? format_bytes(result.variant->size_bytes) : "-");
  row.push_back(made ? format_seconds(result.variant->make_s) : "-");
  row.push_back(result.engine.load.in_force ? result.engine.load.in_force->precision : "-");
  row.push_back(accepted_cell(result));
  return row;
}

std::string setting(const Result& result, const std::string& key) {
  if (!result.engine.load.in_force) return "";
  const auto& settings = result.engine.load.in_force->settings;
  const auto found = settings.find(key);
  return found == settings.end() ? "" : printable(found->second);
}

bool is_slower(const Result& result) {
  return result.to_f32 && result.to_f32->relation == Relation::kSlower;
}

// What is left in f32, and whether the processor has instructions for int8 at all.
std::string likely_reason(const Result& result) {
  std::string reason;
  if (!has_int8_products(result.environment))
    reason += "; this CPU has no int8 dot-product instructions";
  const std::string nodes = setting(result, "node_precisions");
  if (!nodes.empty()) reason += fmt::format("; it computes its nodes in: {}", nodes);
  const std::string operators = setting(result, "operators");
  if (!operators.empty()) reason += fmt::format("; left in f32: {}", operators);
  return reason;
}

std::string remarks_of(const Result& result) {
  std::string text;
  if (is_quantised(result.candidate.precision) && is_slower(result)) {
    text += fmt::format("{}: slower than f32 here{}\n", result.label, likely_reason(result));
  }
  if (result.outcome.ok() && result.acceptance && result.acceptance->accepted == false) {
    text += fmt::format("{}: not accepted: {}\n", result.label, result.acceptance->reason);
  }
  return text;
}

// By estimate; nullptr where there is none.
const Result* fastest_ranked(const std::vector<Result>& results) {
  const Result* fastest = nullptr;
  for (const Result& result : results) {
    if (result.rank && result.rank->is_best && may_be_ranked(result)) fastest = &result;
  }
  return fastest;
}

// The fastest f32 of the same ranking; nullptr where there is none.
const Result* fastest_f32(const std::vector<Result>& results) {
  const Result* fastest = nullptr;
  for (const Result& result : results) {
    if (is_variant(result) || !result.rank || !may_be_ranked(result)) continue;
    if (fastest == nullptr || result.rank->to_best.value < fastest->rank->to_best.value) {
      fastest = &result;
    }
  }
  return fastest;
}

std::string trade_off(const std::vector<Result>& results) {
  const Result* best = nullptr;
  for (const Result& result : results) {
    if (!is_variant(result) || !result.to_f32 || !result.engine.accuracy) continue;
    if (!may_be_ranked(result)) continue;
    if (best == nullptr || shown_median_s(result) < shown_median_s(*best)) best = &result;
  }
  if (best == nullptr) return "No variant could be compared with f32.";
  return fmt::format(
      "The fastest variant, {}, takes {:.2f} times f32's time on the same engine, at an error of "
      "{} "
      "(median){}; say with --max-error or --max-drop what is good enough.",
      best->label, best->to_f32->value, error_cell(best->engine.accuracy->median_error),
      best->engine.accuracy->given ? "" : " on generated inputs");
}

bool any_accepted(const std::vector<Result>& results) {
  return std::any_of(results.begin(), results.end(), [](const Result& result) {
    return is_variant(result) && result.acceptance && result.acceptance->accepted == true;
  });
}

bool any_without_decision(const std::vector<Result>& results) {
  return std::any_of(results.begin(), results.end(), [](const Result& result) {
    return result.outcome.ok() && result.acceptance && !result.acceptance->accepted;
  });
}

}  // namespace

Table variants_table(const std::vector<Result>& results) {
  Table table{kVariantColumns, {}};
  for (const Result& result : results) {
    if (is_variant(result) && result.outcome.ok()) table.rows.push_back(variant_row(result));
  }
  return table;
}

std::string variants_notes(const std::vector<Result>& results) {
  std::string remarks;
  bool generated = false;
  for (const Result& result : results) {
    if (!is_variant(result) || !result.outcome.ok()) continue;
    remarks += remarks_of(result);
    generated = generated || (result.engine.accuracy && !result.engine.accuracy->given);
  }
  if (generated) {
    remarks += "*: on generated inputs, which say little about your data; give --calibration\n";
  }
  return remarks;
}

std::string variants_sentence(const std::vector<Result>& results) {
  if (any_without_decision(results)) return trade_off(results);
  if (!any_accepted(results)) return "No variant is accepted, so f32 it is.";
  const Result* fastest = fastest_ranked(results);
  if (fastest == nullptr) return "There is no ranking, so no variant is recommended.";
  if (!is_variant(*fastest)) return "f32 is the fastest that is good enough.";
  const Result* f32 = fastest_f32(results);
  if (f32 == nullptr) {
    return fmt::format("{} is the only form with a rank that is good enough.", fastest->label);
  }
  if (f32->rank->to_best.relation != Relation::kSlower) {
    return fmt::format("{} is good enough, but not known to be faster than {}.", fastest->label,
                       f32->label);
  }
  return fmt::format("{} is good enough; in f32 {} takes {} as long.", fastest->label, f32->label,
                     ratio_words(f32->rank->to_best));
}

}  // namespace dnnbench
