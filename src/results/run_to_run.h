// What two runs of the same thing differ by on a machine: its drift, which the interval of one run
// can't hold. Learned from runs that were repeated: those that a machine remembers
// (measure/run_history.h) and each of its results carries, and those in one folder
// (results/earlier_results.h). Where nothing is known, a stated default.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace dnnbench {

struct StoredResult;

// Where nothing is known of a machine: at most so many times as long. A choice
// (docs/decisions/0074-measure-the-earlier-one-again.md).
inline constexpr double kUnknownRunToRun = 1.35;

// Two runs may agree by chance.
inline constexpr size_t kEnoughRuns = 3;

struct RunToRun {
  double ratio = kUnknownRunToRun;  // one run's median in units of another's, at most
  size_t runs = 0;                  // of one candidate, of which that is known; 0: the default
  std::string since;       // when the first of them started (UTC); "" where that is unknown
  bool of_others = false;  // they are of the machine's other models, engines and settings, too

  bool operator==(const RunToRun&) const = default;
};

// A candidate's runs: the median of each in seconds, by what tells them apart (when they started).
using RunMedians = std::map<std::string, double>;

// From candidates some of which ran more than once. At 99 %, by Student's t of the medians'
// logarithms; never less than what was seen, nor, for that, more than the default.
RunToRun run_to_run(const std::vector<RunMedians>& candidates);

// The same from all results of one folder, earlier ones included: candidates of the same model,
// version and settings. Suspect results don't count.
RunToRun run_to_run(const std::vector<StoredResult>& results);

// The same of a folder whose results have been read.
RunToRun run_to_run_in(const std::string& folder, const std::vector<StoredResult>& results);

// What is known, and of that the larger. Two runs that differ by no more than the default say less
// than more of them.
RunToRun larger(const RunToRun& a, const RunToRun& b);

// What applies to two runs: what their results carry, or the two `folders` say, and of that the
// larger. Of two runs of the same thing the first one's figure counts: the second's includes
// whatever has changed between them, and counts where the first knew nothing and it is less than
// the default.
RunToRun run_to_run_of(const StoredResult& before, const StoredResult& after,
                       const RunToRun& folders);

}  // namespace dnnbench
