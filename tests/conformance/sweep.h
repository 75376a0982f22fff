// Runs node tests on one engine in worker processes, many models a process; a process that ends or
// fails is replaced by a new one.
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

// Throws Error when the engine can't be started at all.
Sweep run_sweep(const std::string& engine, const std::vector<ConformanceCase>& cases,
                const std::string& work_folder);

}  // namespace dnnbench
