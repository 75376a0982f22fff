// TrafficRounds: candidates that are loaded and warm serve requests, at a rate that was asked for
// or in search of the highest that keeps a bound. They take turns as in rounds.h, so that the
// machine's drift hits all alike, and all get the same arrivals.
#pragma once

#include <optional>
#include <vector>

#include "measure/busy_report.h"
#include "measure/participant.h"
#include "measure/surroundings.h"
#include "run/options.h"
#include "run/progress.h"

namespace dnnbench {

class TrafficRounds {
 public:
  // Options are those of load mode. All arguments must outlive this.
  TrafficRounds(const RunOptions& options, const Surroundings& surroundings, Progress& progress,
                const ParticipantEnded& ended)
      : options_(options),
        surroundings_(surroundings),
        progress_(progress),
        ended_(ended),
        busy_(surroundings, progress) {}

  // Measures these together, at least one, all prepared and paused; fills in what was measured and
  // ends them. After an interrupt they end with the turn; one without a figure is not reported.
  void measure(std::vector<Participant>& participants);

 private:
  const RunOptions& options_;
  const Surroundings& surroundings_;
  Progress& progress_;
  const ParticipantEnded& ended_;
  BusyReport busy_;
  std::optional<double> started_s_;  // CLOCK_MONOTONIC of the first request
};

}  // namespace dnnbench
