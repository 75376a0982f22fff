// The whole way of one model: read it, fix its shapes, make its inputs, compute the reference,
// load each engine in a process of its own, measure them in turns, write each result as soon as its
// engine has ended, and all once more when their order is known.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "machine/memory.h"
#include "results/result.h"
#include "run/options.h"
#include "run/progress.h"

namespace dnnbench {

// What the machine says, for tests to say something else.
struct BenchSettings {
  std::function<int64_t()> free_memory_bytes = dnnbench::free_memory_bytes;
};

// One result an engine, in the order of options.engines, each already written to options.output.
// Whatever an engine does is an outcome in its result. Throws Error for what the user must fix
// (the model, shapes, inputs, the output folder).
std::vector<Result> bench_model(const RunOptions& options, const std::string& model_path,
                                Progress& progress, const BenchSettings& settings = {});

}  // namespace dnnbench
