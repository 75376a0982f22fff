#include "traffic/rate_search.h"

#include <algorithm>
#include <cmath>

namespace dnnbench {
namespace {

constexpr double kStep = 1.3;           // up or down, while only one side is known
constexpr double kMinShare = 0.02;      // of what the engine can do: below, nothing ever waits
constexpr double kNearlyAlways = 0.97;  // busy; above, no measurement is long enough

}  // namespace

bool meets(const RateFigures& figures, double slo_p99_s) {
  return figures.verdict == RateVerdict::kCarried && figures.p99_s && *figures.p99_s <= slo_p99_s;
}

bool is_void(const RateFigures& figures) {
  return figures.verdict == RateVerdict::kLate || figures.verdict == RateVerdict::kDisturbed;
}

RateSearch::Bracket RateSearch::bracket() const {
  Bracket found;
  for (const RateFigures& figures : tried_) {
    if (is_void(figures)) {
      found.late += figures.verdict == RateVerdict::kLate ? 1 : 0;
    } else if (meets(figures, slo_p99_s_)) {
      found.met = std::max(found.met.value_or(0), figures.rate_per_s);
    } else {
      found.missed = std::min(found.missed.value_or(max_per_s_), figures.rate_per_s);
    }
  }
  return found;
}

std::optional<double> RateSearch::next_per_s() const {
  if (gave_up()) return std::nullopt;
  const Bracket known = bracket();
  const std::optional<double>&met = known.met, &missed = known.missed;
  const double least = kMinShare * max_per_s_, most = kNearlyAlways * max_per_s_;
  if (!met && !missed) return std::clamp(guess_per_s_, least, most);
  if (!met)
    return *missed <= least ? std::nullopt : std::optional(std::max(*missed / kStep, least));
  const double end = missed.value_or(most);
  if (end <= *met * (1 + kResolution)) return std::nullopt;
  const double middle = std::sqrt(*met * end);
  return missed ? middle : std::min(*met * kStep, middle);
}

HighestRate RateSearch::answer() const {
  const double lowest_missed = bracket().missed.value_or(max_per_s_);
  HighestRate answer;
  for (size_t i = 0; i < tried_.size(); ++i) {
    const RateFigures& figures = tried_[i];
    const double rate = figures.rate_per_s;
    if (is_void(figures)) continue;
    if (figures.verdict == RateVerdict::kOverloaded || figures.p99_interval_s.low > slo_p99_s_) {
      answer.below_per_s = std::min(answer.below_per_s.value_or(rate), rate);
    }
    if (!meets(figures, slo_p99_s_)) continue;
    if (figures.p99_interval_s.high <= slo_p99_s_) {
      answer.at_least_per_s = std::max(answer.at_least_per_s, rate);
    }
    const bool better = !answer.best || rate > tried_[*answer.best].rate_per_s;
    if (rate < lowest_missed && better) answer.best = i;
  }
  return answer;
}

}  // namespace dnnbench
