// Two folders of results beside each other: before and after, two machines, two releases.
//
// The two runs are not interleaved, so their ratio rests on two intervals: each median's, over its
// blocks (rank/median_interval.h), with half the error each; the ratio's ends are the quotients of
// theirs. They cover how times scatter within a run, not a machine that changed between the runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rank/ranking.h"
#include "results/stored_result.h"

namespace dnnbench {

enum class Change {
  kFaster,
  kSlower,
  kTie,        // within 1 %
  kUndecided,  // the interval holds 1
  kSuspect,    // something else used the machine in one of the runs
  kBroken,     // ok before, not ok after
  kMended,     // the other way round
  kNoFigure,   // ok in neither
  kMissing,    // before only
  kNew,        // after only
};

std::string_view to_string(Change change);  // "faster", ...

// One engine on one model. A side is absent for kMissing and kNew.
struct Compared {
  std::string model;
  std::string backend;
  std::string backend_meta;
  std::string instance;            // of `after` where there is one
  std::string label;               // among all rows (run/labels.h)
  std::optional<double> before_s;  // medians of one inference, where ok
  std::optional<double> after_s;
  Ratio ratio;  // after in units of before; its interval is infinite where too little is known
  Change change = Change::kNoFigure;
  std::string reason;  // why there is no figure after
};

struct ComparedFolders {
  std::vector<Compared> rows;         // by model, then engine
  std::vector<std::string> warnings;  // where the conditions differ, a sentence each
};

// `confidence` is that of each row.
ComparedFolders compare_results(const std::vector<StoredResult>& before,
                                const std::vector<StoredResult>& after, double confidence);

// Whether a row got slower than a share allows (0.05: 5 %) beyond doubt, or has no figure any more.
bool is_worse_than(const Compared& row, double share);

}  // namespace dnnbench
