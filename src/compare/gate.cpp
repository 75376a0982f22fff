#include "compare/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/commands.h"

namespace dnnbench {
namespace {

constexpr double kMaxBudgetFactor = 25;  // beyond it no run is proposed
constexpr double kUnknownFactor = 4;     // where there were too few blocks for an interval

// An interval gets narrower with the root of the blocks, so a budget so many times as large tells.
double budget_factor(const Ratio& ratio, double limit) {
  const double half = std::log(ratio.interval.high / ratio.interval.low) / 2;
  if (!std::isfinite(half)) return kUnknownFactor;
  const double distance = std::fabs(std::log(ratio.value / limit));
  return std::ceil(std::max(2.0, half * half / (distance * distance)));
}

}  // namespace

Gate gate_of(const Compared& row, double share) {
  switch (row.change) {
    case Change::kBroken:
    case Change::kMissing:
      return Gate::kWorse;
    case Change::kSuspect:
    case Change::kNotCompared:
      return Gate::kCantTell;
    case Change::kNoFigure:
    case Change::kMended:
    case Change::kNew:
      return Gate::kNoWorse;
    default:
      break;
  }
  const double limit = 1 + std::max(share, kTie);
  if (row.ratio.interval.low > limit) return Gate::kWorse;
  return row.ratio.interval.high <= limit ? Gate::kNoWorse : Gate::kCantTell;
}

std::string what_would_tell(const Compared& row, const std::string& share_text, double share,
                            std::optional<double> budget_s) {
  if (row.change == Change::kSuspect) {
    return "something else used the machine; the same run on an otherwise idle machine would "
           "decide it";
  }
  if (row.change == Change::kNotCompared) {
    return "a run of these two alone, or with more free memory, would decide it";
  }
  if (!row.in_turns || !budget_s) {
    return fmt::format(
        "the two runs were not measured in turns, so the interval includes the machine's drift, "
        "and {} lies inside it; {} MODEL --against=FOLDER, with the earlier version or model file "
        "still there, or --versus=FILE would decide it",
        share_text, bench_name());
  }
  const double limit = 1 + std::max(share, kTie);
  const double factor = budget_factor(row.ratio, limit);
  if (factor > kMaxBudgetFactor) {
    return fmt::format(
        "the ratio is too near to {} for any run to decide it; another --fail-above would",
        share_text);
  }
  const double distance = std::fabs(row.ratio.value / limit - 1);
  return fmt::format(
      "{} lies inside the interval; a run with --budget={:g} --precision-target={:.3g} would "
      "decide it",
      share_text, std::ceil(factor * *budget_s), std::clamp(distance, 0.001, 0.01));
}

}  // namespace dnnbench
