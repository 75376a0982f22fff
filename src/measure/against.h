// What of a run is compared with what: of its own candidates, two that took turns; or a candidate
// and an earlier result (--against).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compare/compare_results.h"
#include "results/result.h"
#include "results/stored_result.h"
#include "run/options.h"

namespace dnnbench {

// Indices of candidates.
struct CandidatePair {
  size_t before = 0;
  size_t after = 0;

  bool operator==(const CandidatePair&) const = default;
};

// Without --against. With several model files the first is compared with each other one on the same
// engine and settings. Else a version is compared with the engine's first one at the same number of
// threads, and another number of threads of the first version with its first number.
std::vector<CandidatePair> pairs_of(const std::vector<Candidate>& candidates);

// A candidate whose earlier form can't be measured again.
struct AgainstStored {
  size_t after = 0;
  StoredResult before;
  std::string why;  // not in turns, as part of a sentence
};

struct AgainstPlan {
  std::vector<Candidate> candidates;  // those of the run, then the earlier ones
  std::vector<CandidatePair> pairs;
  std::vector<AgainstStored> stored;
  std::vector<std::string> without_earlier;  // labels of candidates
};

// The version that a candidate's library says of itself; "" where it can't start.
using VersionOf = std::function<std::string(const Candidate&)>;

// A candidate's earlier result is the newest of that model, engine and settings; or the only one of
// that model and engine that no other candidate of the run has as good a claim to. Reads the
// models.
AgainstPlan plan_against(const RunOptions& options, const std::vector<Candidate>& candidates,
                         const std::vector<StoredResult>& earlier, const VersionOf& version_of);

// Marks those that are there only as what was before: all but the run's first `own`, and of these
// the ones of --versus, which are of other model files than the first.
void mark_those_only_compared_with(std::vector<Candidate>& candidates, size_t own);

// Of two results of one run, whose anchor is given if it had one. `alpha` is the error of the
// interval. Where what was before is not ok now, there is nothing to compare with.
Compared compare_in_turns(const Result& before, const Result& after, double alpha,
                          const Result* anchor = nullptr);

}  // namespace dnnbench
