#include "results/run_to_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>

#include "core/statistics.h"
#include "results/earlier_results.h"
#include "results/stored_result.h"

namespace dnnbench {
namespace {

// Student's t, the 99.5th percentile, of 1 degree of freedom and more.
constexpr std::array kStudentT{63.657, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499,
                               3.355,  3.250, 3.169, 3.106, 3.055, 3.012, 2.977,
                               2.947,  2.921, 2.898, 2.878, 2.861};

// What the runs of one candidate share, as the machine counts them (measure/run_history.h).
using Conditions = std::map<std::string, std::string>;
using Key = std::tuple<std::string, std::string, std::string, std::string, bool, Conditions>;

Conditions conditions_of_candidate(const StoredResult& result) {
  Conditions conditions = result.conditions;
  conditions.erase("tool_version");
  conditions.erase("environment.memory_bytes");
  return conditions;
}

// A run that is there twice, whole and as far as it was when it was interrupted, counts once. So
// does a file that doesn't say when it was measured, and its copy.
std::vector<RunMedians> candidates_in(const std::vector<StoredResult>& results) {
  std::map<Key, RunMedians> runs;
  for (const StoredResult& result : results) {
    if (result.times_s.empty() || result.suspect) continue;
    const Key key{result.model + result.model_sha256,
                  result.instance,
                  result.backend,
                  result.backend_meta,
                  result.quantized,
                  conditions_of_candidate(result)};
    const double median_s = median(result.times_s);
    const std::string run =
        result.started_at.empty() ? fmt::format("{}", median_s) : result.started_at;
    runs[key][run] = median_s;
  }
  std::vector<RunMedians> candidates;
  for (auto& [key, medians] : runs) candidates.push_back(std::move(medians));
  return candidates;
}

std::vector<double> sorted_logarithms(const RunMedians& medians_s) {
  std::vector<double> logarithms;
  for (const auto& [run, median_s] : medians_s) logarithms.push_back(std::log(median_s));
  std::sort(logarithms.begin(), logarithms.end());
  return logarithms;
}

double variance(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  const double deviation = population_std(values);
  return deviation * deviation * count / (count - 1);
}

bool are_runs_of_one_candidate(const StoredResult& a, const StoredResult& b) {
  return a.backend == b.backend && a.backend_meta == b.backend_meta && a.quantized == b.quantized &&
         conditions_of_candidate(a) == conditions_of_candidate(b);
}

RunToRun carried_by(const StoredResult& before, const StoredResult& after) {
  const RunToRun was = before.run_to_run.value_or(RunToRun()),
                 is = after.run_to_run.value_or(RunToRun());
  if (are_runs_of_one_candidate(before, after)) {
    const bool in_order = before.started_at <= after.started_at;
    const RunToRun &first = in_order ? was : is, &second = in_order ? is : was;
    if (first.runs > 0) return first;
    return second.ratio < kUnknownRunToRun ? second : RunToRun();
  }
  if (was.runs == 0 || is.runs == 0) return larger(was, is);
  if (was.of_others != is.of_others) return was.of_others ? is : was;
  return larger(was, is);
}

}  // namespace

RunToRun run_to_run(const std::vector<RunMedians>& candidates) {
  double seen = 0, variances = 0;
  size_t runs = 0, repeated = 0;
  for (const RunMedians& medians_s : candidates) {
    const std::vector<double> logs = sorted_logarithms(medians_s);
    if (logs.size() < 2) continue;
    seen = std::max(seen, logs.back() - logs.front());
    variances += variance(logs);
    ++repeated;
    runs = std::max(runs, logs.size());
  }
  if (repeated == 0) return {};
  // Candidates of one run share the machine's drift, so they add no degrees of freedom.
  const double t = kStudentT[std::min(runs - 2, kStudentT.size() - 1)];
  const double bound = t * std::sqrt(2 * variances / static_cast<double>(repeated));
  return {std::exp(std::max(seen, std::min(bound, std::log(kUnknownRunToRun)))), runs};
}

RunToRun run_to_run(const std::vector<StoredResult>& results) {
  return run_to_run(candidates_in(results));
}

RunToRun run_to_run_in(const std::string& folder, const std::vector<StoredResult>& results) {
  std::vector<StoredResult> all = read_earlier_results(folder);
  all.insert(all.end(), results.begin(), results.end());
  return run_to_run(all);
}

RunToRun larger(const RunToRun& a, const RunToRun& b) {
  if (a.runs == 0 || b.runs == 0) return a.runs == 0 ? b : a;
  const auto says_little = [](const RunToRun& one) {
    return one.runs < kEnoughRuns && one.ratio <= kUnknownRunToRun;
  };
  if (says_little(a) != says_little(b)) return says_little(a) ? b : a;
  return a.ratio > b.ratio ? a : b;
}

RunToRun run_to_run_of(const StoredResult& before, const StoredResult& after,
                       const RunToRun& folders) {
  return larger(carried_by(before, after), folders);
}

}  // namespace dnnbench
