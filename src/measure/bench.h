// One comparison, from model files to written results: read and prepare the models, load each
// candidate's engine in processes of its own, measure them in turns, write each result as soon as
// its engine has ended, and all once more when their order is known.
#pragma once

#include <vector>

#include "measure/surroundings.h"
#include "results/result.h"
#include "run/options.h"
#include "run/progress.h"

namespace dnnbench {

// One result per candidate, in their order, each already written to options.output. Whatever an
// engine does is an outcome in its result. Throws Error for what the user must fix (the model,
// shapes, inputs, the output folder).
std::vector<Result> bench(const RunOptions& options, const std::vector<Candidate>& candidates,
                          Progress& progress, const Surroundings& surroundings = {});

}  // namespace dnnbench
