// What the experiments on two real engines share.
#pragma once

#include <memory>
#include <string>

#include "../experiment.h"
#include "measure/bench_engine.h"

namespace dnnbench {

// One engine of a pair, loaded, verified, warm and paused.
struct Side {
  Side(const std::string& name, const EngineChoice& choice, const RunOptions& run_options,
       const PreparedModel& prepared, const WorkFolder& work, Progress& progress,
       TurnLengths lengths = {})
      : options(run_options) {
    result.output_path = work.path() + "/" + name + ".json";
    result.log_path = name + ".log";
    bench =
        std::make_unique<EngineBench>(options, prepared, choice, work, progress, result, lengths);
    bench->prepare();
    bench->pause();
  }

  RunOptions options;
  Result result;
  std::unique_ptr<EngineBench> bench;
};

}  // namespace dnnbench
