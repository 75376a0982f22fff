// Runs node tests on one engine in worker processes, many models per process; a process that ends
// or fails is replaced by a new one.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "case.h"
#include "core/outcome.h"

namespace dnnbench {

// By the tests' names.
using Sweep = std::map<std::string, Outcome>;

// An engine that `imports` is given each model's simplified form, which ONNX Runtime makes in a
// process of its own; what that refuses ends as it ended there. Throws Error when the engine can't
// be started at all.
Sweep run_sweep(const std::string& engine, bool imports, const std::vector<ConformanceCase>& cases,
                const std::string& work_folder);

}  // namespace dnnbench
