#include "compare/run_to_run.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "core/statistics.h"
#include "results/earlier_results.h"

namespace dnnbench {
namespace {

// Student's t, the 99.5th percentile, of 1 degree of freedom and more.
constexpr std::array kStudentT{63.657, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499,
                               3.355,  3.250, 3.169, 3.106, 3.055, 3.012, 2.977,
                               2.947,  2.921, 2.898, 2.878, 2.861};

using Key = std::tuple<std::string, std::string, std::string, std::string, std::string, bool>;

// The logarithms of the medians of each candidate's runs. A run that is there twice, whole and as
// far as it was when it was interrupted, counts once.
std::map<Key, std::set<double>> repeated(const std::vector<StoredResult>& results) {
  std::map<Key, std::map<std::string, double>> runs;
  for (const StoredResult& result : results) {
    if (result.times_s.empty() || result.suspect) continue;
    const auto version = result.conditions.find("engine_version");
    const Key key{result.model + result.model_sha256,
                  result.instance,
                  result.backend,
                  result.backend_meta,
                  version == result.conditions.end() ? "" : version->second,
                  result.quantized};
    const std::string run = result.started_at.empty() ? result.path.string() : result.started_at;
    runs[key][run] = std::log(median(result.times_s));
  }
  std::map<Key, std::set<double>> medians;
  for (const auto& [key, of_run] : runs) {
    for (const auto& [run, log_median] : of_run) medians[key].insert(log_median);
  }
  return medians;
}

double variance(const std::set<double>& values) {
  const std::vector<double> list(values.begin(), values.end());
  const auto count = static_cast<double>(list.size());
  const double deviation = population_std(list);
  return deviation * deviation * count / (count - 1);
}

}  // namespace

RunToRun run_to_run(const std::vector<StoredResult>& results) {
  double seen = 0, variances = 0;
  size_t runs = 0, candidates = 0;
  for (const auto& [key, medians] : repeated(results)) {
    if (medians.size() < 2) continue;
    seen = std::max(seen, *medians.rbegin() - *medians.begin());
    variances += variance(medians);
    ++candidates;
    runs = std::max(runs, medians.size());
  }
  if (candidates == 0) return {};
  // Candidates of one run share the machine's drift, so they add no degrees of freedom.
  const double t = kStudentT[std::min(runs - 2, kStudentT.size() - 1)];
  const double bound = t * std::sqrt(2 * variances / static_cast<double>(candidates));
  return {std::exp(std::max(seen, std::min(bound, std::log(kUnknownRunToRun)))), runs};
}

RunToRun run_to_run_in(const std::string& folder, const std::vector<StoredResult>& results) {
  std::vector<StoredResult> all = read_earlier_results(folder);
  all.insert(all.end(), results.begin(), results.end());
  return run_to_run(all);
}

RunToRun larger(const RunToRun& a, const RunToRun& b) {
  if (a.runs == 0 || b.runs == 0) return a.runs == 0 ? b : a;
  return a.ratio > b.ratio ? a : b;
}

}  // namespace dnnbench
