// The whole way of one model: read it, fix its shapes, make its inputs, compute the reference,
// then measure each engine in a process of its own and write its result at once.
#pragma once

#include <string>
#include <vector>

#include "results/result.h"
#include "run/options.h"
#include "run/progress.h"

namespace dnnbench {

// One result an engine, in the order of options.engines, each already written to options.output.
// Whatever an engine does is an outcome in its result. Throws Error for what the user must fix
// (the model, shapes, inputs, the output folder).
std::vector<Result> bench_model(const RunOptions& options, const std::string& model_path,
                                Progress& progress);

}  // namespace dnnbench
