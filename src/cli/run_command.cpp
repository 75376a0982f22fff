#include <fmt/format.h>

#include <set>

#include "cli/commands.h"
#include "cli/parse_run_options.h"
#include "cli/presenter.h"
#include "core/error.h"
#include "core/statistics.h"
#include "measure/bench.h"
#include "onnx/model.h"
#include "process/confinement.h"
#include "process/engine_session.h"
#include "traffic/turn_plan.h"

namespace dnnbench {

namespace {

// Whether all candidates are ok.
bool bench_all(const RunOptions& options, Presenter& presenter) {
  bool all_ok = true;
  std::vector<Result> of_model;
  for (size_t i = 0; i < options.comparisons.size(); ++i) {
    const std::vector<Candidate>& candidates = options.comparisons[i];
    presenter.begin(i + 1, options.comparisons.size());
    std::vector<Result> results = bench(options, candidates, presenter.progress());
    presenter.print(results);
    for (Result& result : results) {
      all_ok = all_ok && result.outcome.ok();
      of_model.push_back(std::move(result));
    }
    const bool is_last = i + 1 == options.comparisons.size() ||
                         options.comparisons[i + 1][0].model_path != candidates[0].model_path;
    if (!is_last) continue;
    if (options.latency() != nullptr) presenter.print_batches(of_model);
    of_model.clear();
  }
  return all_ok;
}

// Now, not after a minute of measuring.
void report_if_too_short(const RunOptions& options) {
  const TrafficOptions* traffic = options.traffic();
  if (traffic == nullptr || !traffic->rate_per_s || traffic->repeat) return;
  const double needed_s = budget_for_p99_s(*traffic->rate_per_s);
  if (options.budget_s >= needed_s) return;
  fmt::print(stderr,
             "A 99th percentile needs {} requests, which at {:g} requests/s may take "
             "--budget={:.0f}; with less the table may have none.\n",
             kMinSamplesForP99, *traffic->rate_per_s, needed_s);
}

void report_missing_protection() {
  const std::vector<std::string> missing = missing_protection();
  if (missing.empty()) return;
  fmt::print(stderr,
             "On this machine's kernel an engine can {}: measure only models that you trust.\n",
             fmt::join(missing, " and "));
}

// A bad model is found now, not after the ones before it have been measured.
void read_all_models(const RunOptions& options) {
  std::set<std::string> paths;
  for (const std::vector<Candidate>& candidates : options.comparisons) {
    for (const Candidate& candidate : candidates) paths.insert(candidate.model_path);
  }
  if (paths.size() < 2) return;
  for (const std::string& path : paths) read_model(path);
}

// Engines say themselves whether they can. One that doesn't start is given the benefit of the
// doubt: its result says why.
void check_tuning(const RunOptions& options) {
  if (options.tune_budget_s == 0) return;
  const WorkFolder work;
  for (const Candidate& candidate : options.comparisons.at(0)) {
    try {
      if (greet(candidate.engine, work).tunes) return;
    } catch (const EngineEnded&) {
      return;
    }
  }
  throw UsageError(
      "--tune-budget needs an engine that can search for faster code, and none of these can; add "
      "--tvm");
}

}  // namespace

int run_command(const std::vector<std::string>& arguments) {
  Presentation presentation;
  const RunOptions options = parse_run_options(arguments, &presentation);
  read_all_models(options);
  check_tuning(options);
  if (!presentation.quiet) {
    report_if_too_short(options);
    report_missing_protection();
  }
  Presenter presenter(presentation);
  const bool all_ok = bench_all(options, presenter);
  presenter.end(options.output);
  return all_ok ? kExitOk : kExitNotAllOk;
}

}  // namespace dnnbench
