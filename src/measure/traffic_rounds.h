// TrafficRounds: engines that are loaded and warm are put under load, at a rate that was asked for
// or in search of the highest that meets a bound. They take turns as in rounds.h, for the machine's
// drift to hit all alike; each meets the same arrivals.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "measure/rounds.h"

namespace dnnbench {

class TrafficRounds {
 public:
  // `ended` is called with the result of each engine as soon as it is complete, however it ended.
  TrafficRounds(const RunOptions& options, Progress& progress, std::function<void(Result&)> ended)
      : options_(options), progress_(progress), ended_(std::move(ended)) {}

  // Measures these engines together, at least one, all prepared and paused; fills in their results
  // and ends them.
  void measure(std::vector<Contestant>& contestants);

 private:
  const RunOptions& options_;
  Progress& progress_;
  std::function<void(Result&)> ended_;
  std::optional<double> started_s_;  // CLOCK_MONOTONIC of the run's first request
};

}  // namespace dnnbench
