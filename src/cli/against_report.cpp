#include "cli/against_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/commands.h"
#include "core/error.h"
#include "process/engine_session.h"

namespace dnnbench {
namespace {

std::string version_of(const Candidate& candidate) {
  if (!candidate.engine_version.empty()) return candidate.engine_version;
  try {
    const WorkFolder work;
    return greet(candidate.engine, work).version;
  } catch (const EngineEnded&) {
    return "";
  }
}

std::vector<StoredResult> read_earlier(const std::string& folder) {
  ResultsFolder found = read_results(folder);
  if (found.results.empty()) throw UsageError(fmt::format("there are no results below {}", folder));
  return found.results;
}

// Whether something else than the number of threads differs, which the table of the run is for.
bool is_worth_a_table(const std::vector<Candidate>& candidates, const CandidatePair& pair) {
  const Candidate &before = candidates[pair.before], &after = candidates[pair.after];
  return before.model_path != after.model_path || before.engine_version != after.engine_version;
}

}  // namespace

Against::Against(const RunOptions& options, const std::vector<Candidate>& candidates)
    : options_(options) {
  plan_.candidates = candidates;
  if (options.against) {
    const std::vector<StoredResult> earlier = read_earlier(*options.against);
    run_to_run_ = run_to_run_in(*options.against, earlier);
    plan_ = plan_against(options, candidates, earlier, version_of);
    const std::vector<std::string> labels = labels_of(candidates);
    for (const AgainstStored& stored : plan_.stored) {
      say(fmt::format("{}: compared with the stored figures, drift not cancelled: {}",
                      labels[stored.after], stored.why));
    }
    for (const std::string& label : plan_.without_earlier) {
      say(fmt::format("{}: no earlier result in {}", label, *options.against));
    }
    return;
  }
  if (options.latency() == nullptr) return;
  plan_.pairs = pairs_of(candidates);
  if (!options.fail_above) {
    std::erase_if(plan_.pairs,
                  [&](const CandidatePair& pair) { return !is_worth_a_table(candidates, pair); });
  } else if (plan_.pairs.empty()) {
    throw UsageError(
        "--fail-above needs something to compare with: --against, --versus, or several versions or "
        "--threads");
  }
}

ComparedFolders Against::compare(const Bench& done) const {
  const std::vector<Result>& results = done.results;
  const Result* const anchor = done.anchor ? &results[*done.anchor] : nullptr;
  ComparedFolders compared;
  compared.run_to_run = run_to_run_;
  const double alpha = alpha_of_pair(results.size(), options_.confidence);
  for (const CandidatePair& pair : plan_.pairs) {
    compared.rows.push_back(
        compare_in_turns(results[pair.before], results[pair.after], alpha, anchor));
  }
  for (const AgainstStored& stored : plan_.stored) {
    const Result& after = results[stored.after];
    compared.rows.push_back(compare_stored(stored.before, read_result(after.output_path),
                                           options_.confidence, run_to_run_));
    compared.rows.back().label = after.label;
  }
  return compared;
}

int Against::report(const Bench& done, Presenter& presenter) const {
  const bool interrupted = done.results.size() != plan_.candidates.size();
  if (interrupted) return options_.fail_above ? kExitCantTell : kExitOk;
  const ComparedFolders compared = compare(done);
  if (compared.rows.empty()) {
    // A gate that compared nothing has not been passed.
    return options_.fail_above ? kExitCantTell : kExitOk;
  }
  presenter.print_comparison(compared, {options_.fail_above, options_.budget_s});
  return gate_exit_code(compared, options_.fail_above);
}

}  // namespace dnnbench
