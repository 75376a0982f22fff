// What the experiments on two real engines share.
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "../experiment.h"
#include "core/statistics.h"
#include "measure/process_engine.h"
#include "rank/turns.h"

namespace dnnbench {

// One engine of a pair, loaded, verified, warm and paused.
struct Side {
  Side(const std::string& name, const Candidate& candidate, const RunOptions& run_options,
       const PreparedModel& prepared, const WorkFolder& work, Progress& progress,
       TurnLengths lengths = {})
      : options(run_options) {
    EngineSetup setup{candidate, prepared.load.threads, name, work.path() + "/" + name + ".log",
                      ""};
    engine = std::make_unique<ProcessEngine>(options, prepared, std::move(setup), work, progress,
                                             lengths);
    engine->prepare();
    engine->pause();
  }

  RunOptions options;
  std::unique_ptr<MeasuredEngine> engine;
};

// Logarithms of the other's times in units of the first's, of so many blocks of turns the
// undisturbed ones.
inline std::vector<double> log_ratios(Side& first, Side& other, size_t blocks) {
  std::vector<double> logs;
  const auto orders = balanced_orders(2);
  Side* const sides[] = {&first, &other};
  for (size_t block = 0; block < blocks; ++block) {
    double times[2];
    bool is_clean = true;
    for (const size_t side : orders[block % orders.size()]) {
      const LatencyTurn turn = sides[side]->engine->take_turn(0, std::nullopt);
      sides[side]->engine->pause();
      times[side] = median(turn.duration_s);
      is_clean = is_clean && !turn.is_disturbed();
    }
    if (is_clean) logs.push_back(std::log(times[1] / times[0]));
  }
  return logs;
}

}  // namespace dnnbench
