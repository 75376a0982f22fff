// The fake engine on a model, loaded and warm: what the experiments on load measure.
#pragma once

#include <memory>
#include <string>

#include "../experiment.h"
#include "measure/bench_engine.h"
#include "process/work_folder.h"

namespace dnnbench {

struct FakeBench {
  // `part` is what the fake engine plays: "ok,duration_s=0.001".
  FakeBench(const std::string& model, const std::string& part) {
    options.warmup = 100;
    prepared = prepare_model(options, read_model(model), 1, work, progress);
    result.output_path = work.path() + "/fake.json";
    result.log_path = "fake.log";
    bench = std::make_unique<EngineBench>(options, prepared, EngineChoice{"fake", "fake", part},
                                          work, progress, result);
    bench->prepare();
  }

  WorkFolder work;
  Silent progress;
  RunOptions options;
  PreparedModel prepared;
  Result result;
  std::unique_ptr<EngineBench> bench;
};

}  // namespace dnnbench
