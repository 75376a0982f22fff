// Two folders of results beside each other: before and after, two machines, two releases.
//
// The two runs are not interleaved, so their ratio rests on two intervals: each median's, over its
// blocks (rank/median_interval.h), with half the error each; the ratio's ends are the quotients of
// theirs, moved apart by what two runs on the machine differ by (results/run_to_run.h). A machine
// that changed for good between the runs they can't cover.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rank/ranking.h"
#include "results/run_to_run.h"
#include "results/stored_result.h"

namespace dnnbench {

enum class Change {
  kFaster,
  kSlower,
  kTie,          // within 1 %
  kUndecided,    // the interval crosses 1 % either way
  kSuspect,      // something else used the machine in one of the runs
  kBroken,       // ok before, not ok after
  kFixed,        // the other way round, of stored results
  kNoFigure,     // ok in neither
  kMissing,      // before only
  kNew,          // after only
  kNotCompared,  // there is no ratio, whatever became of them: Compared::reason
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
  // After in units of before; its interval is infinite where too little is known. None for
  // kNotCompared.
  Ratio ratio;
  Change change = Change::kNoFigure;
  std::string reason;        // why there is no figure after, or no ratio
  bool in_turns = false;     // both were measured in turns, so that drift is cancelled
  bool is_the_same = false;  // stored: version, model file and settings are, as far as files say
  RunToRun run_to_run;       // in the ratio's interval, unless measured in turns
};

struct ComparedFolders {
  std::vector<Compared> rows;         // by model, then engine
  std::vector<std::string> warnings;  // where the conditions differ, a sentence each
};

// Two results of what is the same but for what is compared. `confidence` is that of the interval;
// `folders` is what two runs differ by as far as the results' folders tell.
Compared compare_stored(const StoredResult& before, const StoredResult& after, double confidence,
                        const RunToRun& folders);

// Pairs are of one model, engine and settings; of what is left, those that are the only ones of a
// model and engine on either side, whatever their settings. Where each side has a single model, its
// name doesn't matter. Of several runs of a candidate the newest counts. Files of one name that one
// run measured are distinguished by the names of their folders. What was measured only for others
// to be compared with is neither missing nor new on the other side.
ComparedFolders compare_results(const std::vector<StoredResult>& before,
                                const std::vector<StoredResult>& after, double confidence,
                                const RunToRun& folders = {});

Change change_of(Relation relation);

}  // namespace dnnbench
