// One engine on one prepared model: start, load, verify, warm up, time, verify again.
#pragma once

#include "results/result.h"
#include "run/options.h"
#include "run/prepare_model.h"
#include "run/progress.h"
#include "run/work_folder.h"

namespace dnnbench {

// Fills in what the engine did, whatever it was: result.outcome says how it ended. The log is
// written beside result.output_path.
void bench_engine(const RunOptions& options, const PreparedModel& prepared,
                  const EngineChoice& choice, const WorkFolder& work, Progress& progress,
                  Result& result);

}  // namespace dnnbench
