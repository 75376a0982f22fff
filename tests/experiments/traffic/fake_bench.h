// The fake engine on a model, loaded and warm: what the experiments on traffic measure.
#pragma once

#include <memory>
#include <string>

#include "../experiment.h"
#include "measure/process_engine.h"
#include "process/work_folder.h"

namespace dnnbench {

struct FakeBench {
  // `part` is what the fake engine plays: "ok,duration_s=0.001".
  FakeBench(const std::string& model, const std::string& part) {
    options.warmup = 100;
    prepared = prepare_model(options, read_model(model), std::nullopt, 1, work, progress);
    EngineSetup setup{candidate_of("fake", part), 1, "fake", work.path() + "/fake.log", ""};
    engine = std::make_unique<ProcessEngine>(options, prepared, std::move(setup), work, progress);
    engine->prepare();
  }

  WorkFolder work;
  NoProgress progress;
  RunOptions options;
  PreparedModel prepared;
  std::unique_ptr<MeasuredEngine> engine;
};

}  // namespace dnnbench
