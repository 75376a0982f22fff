// What two runs of the same thing differ by on a machine: its drift, which the interval of one run
// can't hold. Learned from runs that were repeated into one folder (results/earlier_results.h), or
// else a stated default.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "results/stored_result.h"

namespace dnnbench {

// Where nothing is known of a machine: at most so many times as long. A choice
// (docs/decisions/0074-measure-the-earlier-one-again.md).
inline constexpr double kUnknownRunToRun = 1.35;

struct RunToRun {
  double ratio = kUnknownRunToRun;  // one run's median in units of another's, at most
  size_t runs = 0;                  // of one candidate, of which that is known; 0: the default
};

// From all results of one folder, earlier ones included: candidates that were measured more than
// once with the same model, version and settings. At 99 %, by Student's t of the medians'
// logarithms; never less than what was seen, nor, for that, more than the default.
RunToRun run_to_run(const std::vector<StoredResult>& results);

// The same of a folder whose results have been read.
RunToRun run_to_run_in(const std::string& folder, const std::vector<StoredResult>& results);

// Of two folders: what is known, and of that the larger.
RunToRun larger(const RunToRun& a, const RunToRun& b);

}  // namespace dnnbench
