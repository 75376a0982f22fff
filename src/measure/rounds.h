// Rounds: candidates that are loaded and warm take turns, a block after the other, until what is
// asked of their order is decided. Drift of the machine hits all engines of a block alike and
// cancels out of their ratios; a block that something else disturbed is measured again. Engines
// that are near to each other are restarted every few blocks, so that what differs from start to
// start is not taken for the engine's (docs/decisions/0028-restart-engines-between-blocks.md).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "measure/busy_report.h"
#include "measure/participant.h"
#include "measure/surroundings.h"
#include "run/options.h"
#include "run/progress.h"

namespace dnnbench {

class Rounds {
 public:
  // Options are those of latency mode. All arguments must outlive this.
  Rounds(const RunOptions& options, const Surroundings& surroundings, Progress& progress,
         const ParticipantEnded& ended)
      : options_(options),
        surroundings_(surroundings),
        progress_(progress),
        ended_(ended),
        busy_(surroundings, progress) {}

  // Measures these together, at least one, all prepared and paused; fills in what was measured and
  // ends them. After an interrupt they end with the turn; one that had none yet is not reported.
  // With `keep_first` the first of them stays, paused, to take turns with others later; what was
  // measured of it then grows with each call. Blocks are numbered on from call to call. `engines`
  // is how many the whole run compares.
  void measure(std::vector<Participant>& participants, size_t engines, bool keep_first);

 private:
  const RunOptions& options_;
  const Surroundings& surroundings_;
  Progress& progress_;
  const ParticipantEnded& ended_;
  BusyReport busy_;
  int64_t next_block_ = 0;
  std::optional<double> started_s_;  // CLOCK_MONOTONIC of the run's first measurement
};

}  // namespace dnnbench
