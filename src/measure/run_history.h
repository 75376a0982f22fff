// What a machine remembers of its runs, in the cache: the medians of the last of each candidate.
// What they differ by (results/run_to_run.h) is part of each new result and goes wherever that
// does.
//
// A file per machine, which is all that a result says of one but the tool's own choices: another
// kernel, processor, quota or set of cores is another machine. Of one candidate are runs of the
// same model file, engine version, settings, shapes and GPU.
#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace dnnbench {

// In the cache.
std::string run_history_folder();

// Adds a finished run in latency mode, and fills in what its results know of two runs
// (Result::run_to_run): of the candidate where it ran often enough, or else of the whole machine.
// Results without times and suspect ones don't count. Throws Error where it can't be kept; the
// results then know what was known before, with this run. Runs at the same time wait for each
// other.
void add_to_run_history(std::vector<Result>& results, const std::string& folder);

}  // namespace dnnbench
