#include "measure/rate_run.h"

#include <algorithm>
#include <utility>

#include "measure/turn_rules.h"
#include "traffic/arrivals.h"

namespace dnnbench {
namespace {

constexpr size_t kPiecesARepeat = 1000;

}  // namespace

RateRun::RateRun(const ExpectedTraffic& expected, double budget_s, std::optional<int64_t> repeat)
    : expected_(expected),
      budget_s_(budget_s),
      counted_(repeat.has_value()),
      plan_(plan_turns(expected, budget_s, repeat)) {}

TrafficTurnRequest RateRun::next(uint64_t seed) const {
  const size_t requests = plan_.lead_in + plan_.kept_in(undisturbed_);
  const auto piece = static_cast<uint32_t>(undisturbed_ + kPiecesARepeat * disturbed_);
  return {poisson_arrivals_s(expected_.rate_per_s, requests, seed, piece), plan_.lead_in};
}

void RateRun::add(TrafficTurn turn) {
  const bool disturbed = turn.is_disturbed();
  spent_s_ += turn.noise.window_s;
  hopeless_ = !disturbed && figures_of({turn}).verdict == RateVerdict::kOverloaded;
  taken_.push_back(std::move(turn));
  ++(disturbed ? disturbed_ : undisturbed_);
}

bool RateRun::is_over() const {
  if (undisturbed_ == plan_.turns || disturbed_ > plan_.turns) return true;
  return hopeless_ || (!counted_ && spent_s_ >= budget_s_);
}

std::vector<TrafficTurn> RateRun::kept() const {
  return undisturbed_or_all(taken_, [](const TrafficTurn& turn) { return turn.is_disturbed(); });
}

RateFigures RateRun::figures_of(const std::vector<TrafficTurn>& turns) const {
  std::vector<ServedRequest> requests;
  double shortest_s = turns.front().length_s;
  size_t unserved = 0;
  for (const TrafficTurn& turn : turns) {
    requests.insert(requests.end(), turn.requests.begin(), turn.requests.end());
    shortest_s = std::min(shortest_s, turn.length_s);
    unserved += turn.unserved;
  }
  return rate_figures(expected_.rate_per_s, expected_.servers, requests, shortest_s, unserved);
}

}  // namespace dnnbench
