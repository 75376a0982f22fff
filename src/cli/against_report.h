// The part of `dnnbench run` that compares what it measured: --against, --versus, versions of an
// engine, and the gate over them.
#pragma once

#include <vector>

#include "cli/presenter.h"
#include "measure/against.h"
#include "measure/bench.h"
#include "run/options.h"

namespace dnnbench {

// What one comparison of a run is compared with; its candidates include earlier ones.
class Against {
 public:
  // Reads --against's results and plans; prints what can't be measured in turns. Throws UsageError
  // where --fail-above has nothing to compare with.
  Against(const RunOptions& options, const std::vector<Candidate>& candidates);

  const std::vector<Candidate>& candidates() const { return plan_.candidates; }

  // Prints the comparison of the finished run, if there is one. Returns its exit code.
  int report(const Bench& done, Presenter& presenter) const;

 private:
  void add_own_pairs(const std::vector<Candidate>& candidates);
  ComparedFolders compare(const Bench& done) const;
  Compared compare_with_stored(const AgainstStored& stored, const Bench& done) const;

  const RunOptions& options_;
  AgainstPlan plan_;
  RunToRun of_folder_;
};

}  // namespace dnnbench
