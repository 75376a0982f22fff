// Looks for the highest rate of requests whose 99th percentile of latency meets a target. Decides
// which rate to try next; measures nothing itself.
#pragma once

#include <optional>
#include <vector>

#include "traffic/rate_figures.h"

namespace dnnbench {

// Whether the target is met, as measured. A queue that grows, or is too near to that to tell, does
// not meet it.
bool meets(const RateFigures& figures, double slo_p99_s);

// Whether the figures say nothing of the engine: late or disturbed.
bool is_void(const RateFigures& figures);

// The highest rate found, and between which rates the true one surely lies.
struct HighestRate {
  std::optional<size_t> best;  // which of the tried rates; absent where none met the target
  double at_least_per_s = 0;   // the highest that met it with its whole interval; 0: none did
  std::optional<double> below_per_s;  // the lowest that missed it with its whole interval
};

class RateSearch {
 public:
  // `max_per_s` is what the engine can do at all; `guess_per_s` a rate below it to begin with.
  RateSearch(double slo_p99_s, double max_per_s, double guess_per_s)
      : slo_p99_s_(slo_p99_s), max_per_s_(max_per_s), guess_per_s_(guess_per_s) {}

  // The rate to try next: the same again where the last figures are void. Absent when the answer is
  // known within kResolution, no rate meets the target, or the generator was late kMaxLate times. A
  // machine that something else disturbs may get quiet, so those that are disturbed have no limit.
  std::optional<double> next_per_s() const;

  // Whether the generator was late so often that the answer may be another rate.
  bool gave_up() const { return bracket().late >= kMaxLate; }

  void add(const RateFigures& figures) { tried_.push_back(figures); }
  const std::vector<RateFigures>& tried() const { return tried_; }
  HighestRate answer() const;

  static constexpr double kResolution = 0.05;
  static constexpr size_t kMaxLate = 3;

 private:
  struct Bracket {
    std::optional<double> met;     // the highest rate
    std::optional<double> missed;  // the lowest
    size_t late = 0;
  };
  Bracket bracket() const;

  double slo_p99_s_;
  double max_per_s_;
  double guess_per_s_;
  std::vector<RateFigures> tried_;
};

}  // namespace dnnbench
