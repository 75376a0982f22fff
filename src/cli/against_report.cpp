#include "cli/against_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/commands.h"
#include "core/error.h"
#include "process/engine_session.h"
#include "results/earlier_results.h"

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
  return before_unfinished_runs(found.results);
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
    of_folder_ = run_to_run_in(*options.against, earlier);
    plan_ = plan_against(options, candidates, earlier, version_of);
    add_own_pairs(candidates);
    const std::vector<std::string> labels = labels_of(candidates);
    for (const AgainstStored& stored : plan_.stored) {
      say(fmt::format("{}: compared with the stored figures, drift not cancelled: {}",
                      labels[stored.after], stored.why));
    }
    for (const std::string& label : plan_.without_earlier) {
      say(fmt::format("{}: no earlier result in {}", label, *options.against));
    }
  } else if (options.latency() != nullptr) {
    add_own_pairs(candidates);
  }
  mark_those_only_compared_with(plan_.candidates, candidates.size());
  const bool is_gate = options.fail_above && options.latency() != nullptr;
  if (is_gate && !options.against && plan_.pairs.empty()) {
    throw UsageError(
        "--fail-above needs something to compare with: --against, --versus, or several versions or "
        "--threads");
  }
}

// Those that the run has anyway. Numbers of threads only where the gate is over nothing else.
void Against::add_own_pairs(const std::vector<Candidate>& candidates) {
  const bool with_threads = options_.fail_above && !options_.against;
  for (const CandidatePair& pair : pairs_of(candidates)) {
    if (!with_threads && !is_worth_a_table(candidates, pair)) continue;
    if (std::find(plan_.pairs.begin(), plan_.pairs.end(), pair) == plan_.pairs.end()) {
      plan_.pairs.push_back(pair);
    }
  }
}

// Not in turns. All rows hold together with the confidence asked for.
Compared Against::compare_with_stored(const AgainstStored& stored, const Bench& done) const {
  const Result& after = done.results[stored.after];
  Compared row;
  if (done.not_stored.empty()) {
    const double alpha =
        std::min(alpha_of_pair(done.results.size(), options_.confidence),
                 (1 - options_.confidence) / static_cast<double>(plan_.stored.size()));
    row = compare_stored(stored.before, read_result(after.output_path), 1 - alpha, of_folder_);
  } else {  // under its path may be the earlier one
    row.model = stored.before.model;
    row.change = Change::kNotCompared;
    row.reason = "not compared, because today's result could not be stored";
  }
  row.label = after.label;
  return row;
}

ComparedFolders Against::compare(const Bench& done) const {
  const std::vector<Result>& results = done.results;
  const Result* const anchor = done.anchor ? &results[*done.anchor] : nullptr;
  ComparedFolders compared;
  const double alpha = alpha_of_pair(results.size(), options_.confidence);
  for (const CandidatePair& pair : plan_.pairs) {
    compared.rows.push_back(
        compare_in_turns(results[pair.before], results[pair.after], alpha, anchor));
  }
  for (const AgainstStored& stored : plan_.stored) {
    compared.rows.push_back(compare_with_stored(stored, done));
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
  const RunLength length{options_.budget_s, repeat_of(options_)};
  presenter.print_comparison(compared, {options_.fail_above, length});
  return gate_exit_code(compared, options_.fail_above);
}

}  // namespace dnnbench
