// What the experiments on two real engines share.
#pragma once

#include <memory>
#include <string>

#include "../experiment.h"
#include "measure/process_engine.h"

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

}  // namespace dnnbench
