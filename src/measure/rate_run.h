// RateRun: an engine's turns under traffic at one rate, until there are enough of them. A turn that
// something else disturbed is measured again, with other arrivals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "machine/disturbance.h"
#include "measure/traffic_turn.h"
#include "traffic/rate_figures.h"
#include "traffic/turn_plan.h"

namespace dnnbench {

class RateRun {
 public:
  // `budget_s` is of all its turns, disturbed ones too; with `repeat`, the number of requests kept
  // in all, there is no bound on it.
  RateRun(const ExpectedTraffic& expected, double budget_s, std::optional<int64_t> repeat);

  // What comes in the next turn; `seed` draws the arrivals.
  TrafficTurnRequest next(uint64_t seed) const;

  void add(TrafficTurn turn);

  // Whether no further turn is to be taken: all planned are there, more than that were disturbed,
  // the budget is spent, or the last turn alone, undisturbed, shows that the rate is more than the
  // engine can do.
  bool is_over() const;

  bool has_turns() const { return !taken_.empty(); }

  // Most of its turns, so that its figures may be those of something else.
  bool is_disturbed() const {
    return is_mostly_disturbed(static_cast<int64_t>(disturbed_),
                               static_cast<int64_t>(taken_.size()));
  }

  // Of at least one turn, in the order taken: undisturbed ones; where most were disturbed, all.
  std::vector<TrafficTurn> kept() const;
  RateFigures figures() const { return figures_of(kept()); }

  double rate_per_s() const { return expected_.rate_per_s; }
  size_t turn() const { return undisturbed_ + 1; }  // the number of the next one, from 1 on
  size_t turns() const { return plan_.turns; }

 private:
  RateFigures figures_of(const std::vector<TrafficTurn>& turns) const;

  ExpectedTraffic expected_;
  double budget_s_;
  bool counted_;  // by requests
  TrafficTurnPlan plan_;
  std::vector<TrafficTurn> taken_;
  size_t undisturbed_ = 0;
  size_t disturbed_ = 0;
  double spent_s_ = 0;
  bool hopeless_ = false;
};

}  // namespace dnnbench
