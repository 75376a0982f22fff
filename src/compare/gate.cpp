#include "compare/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/commands.h"

namespace dnnbench {
namespace {

constexpr double kMaxBudgetFactor = 25;  // beyond it no run is proposed
constexpr size_t kRunsThatTell = 10;     // with more of them the figure hardly gets smaller
constexpr double kUnknownFactor = 4;     // where there were too few blocks for an interval

// An interval gets narrower with the root of the blocks, so a budget so many times as large tells.
double budget_factor(const Ratio& ratio, double limit) {
  const double half = std::log(ratio.interval.high / ratio.interval.low) / 2;
  if (!std::isfinite(half)) return kUnknownFactor;
  const double distance = std::fabs(std::log(ratio.value / limit));
  return std::ceil(std::max(2.0, half * half / (distance * distance)));
}

std::string what_would_tell_of_stored(const Compared& row, const std::string& bound) {
  if (row.is_the_same) {
    const std::string why = fmt::format(
        "version, model file and settings are the same, so only the machine may have changed, and "
        "{} lies inside what two runs on it may differ by",
        bound);
    if (row.run_to_run.runs >= kRunsThatTell && !row.run_to_run.of_others) return why;
    return why + "; repeating the same run a few more times shows this machine's own figure";
  }
  return fmt::format(
      "the two runs were not measured in turns, so the interval includes the machine's drift, and "
      "{} lies inside it; {} MODEL --against=FOLDER, with the earlier version or model file still "
      "there, or --versus=FILE would decide it",
      bound, bench_name());
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
    case Change::kFixed:
    case Change::kNew:
      return Gate::kNoWorse;
    default:
      break;
  }
  const double limit = 1 + std::max(share, kTie);
  if (row.ratio.interval.low > limit) return Gate::kWorse;
  return row.ratio.interval.high <= limit ? Gate::kNoWorse : Gate::kCantTell;
}

std::string allowed(const std::string& share_text, double share) {
  return share < kTie ? fmt::format("{:g}% (less is never reported)", 100 * kTie) : share_text;
}

std::string what_would_tell(const Compared& row, const std::string& share_text, double share,
                            const std::optional<RunLength>& length) {
  const std::string bound = allowed(share_text, share);
  if (row.change == Change::kSuspect) {
    return "something else used the machine; the same run on an otherwise idle machine would "
           "decide it";
  }
  if (row.change == Change::kNotCompared) {
    const bool took_no_turns = row.before_s && row.after_s;
    return took_no_turns ? "a run of these two alone, or with more free memory, would decide it"
                         : "";
  }
  if (!row.in_turns || !length) return what_would_tell_of_stored(row, bound);
  const double limit = 1 + std::max(share, kTie);
  const double factor = budget_factor(row.ratio, limit);
  if (factor > kMaxBudgetFactor) {
    return fmt::format(
        "the ratio is too near to {} for any run to decide it; another --fail-above would", bound);
  }
  if (length->repeat) {
    return fmt::format("{} lies inside the interval; a run with --repeat={:.0f} would decide it",
                       bound, factor * static_cast<double>(*length->repeat));
  }
  const double distance = std::fabs(row.ratio.value / limit - 1);
  return fmt::format(
      "{} lies inside the interval; a run with --budget={:g} --precision-target={:.3g} would "
      "decide it",
      bound, std::ceil(factor * length->budget_s), std::clamp(distance, 0.001, 0.01));
}

}  // namespace dnnbench
