#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cli/batch_table.h"
#include "cli/commands.h"
#include "cli/parse_run_options.h"
#include "cli/table.h"
#include "cli/terminal_progress.h"
#include "cli/throughput_table.h"
#include "cli/traffic_table.h"
#include "core/error.h"
#include "core/statistics.h"
#include "measure/bench.h"
#include "onnx/model.h"
#include "process/confinement.h"
#include "process/engine_session.h"
#include "traffic/turn_plan.h"

namespace dnnbench {

namespace {

void print(Mode mode, const std::vector<Result>& results) {
  std::string table, sentence;
  switch (mode) {
    case Mode::kLatency:
      table = results_table(results);
      sentence = closing_sentence(results);
      break;
    case Mode::kTraffic:
      table = load_table(results);
      sentence = load_sentence(results);
      break;
    case Mode::kThroughput:
      table = throughput_table(results);
      sentence = throughput_sentence(results);
      break;
  }
  fmt::print("{}\n{}\n{}\n\n", heading(results), table, sentence);
}

std::vector<Result> bench_and_print(const RunOptions& options,
                                    const std::vector<Candidate>& candidates) {
  std::vector<Result> results;
  {
    TerminalProgress progress;
    results = bench(options, candidates, progress);
  }
  print(mode_of(options), results);
  std::fflush(stdout);
  return results;
}

// All batches of one model, once they are measured.
void print_batches(const std::vector<Result>& results) {
  const auto is_first = [&](const Result& result) {
    return result.candidate.batch == results.front().candidate.batch;
  };
  if (std::all_of(results.begin(), results.end(), is_first)) return;
  fmt::print("All batches:\n{}\n{}\n\n", batch_table(results), batch_sentence(results));
}

// Whether all candidates are ok.
bool bench_all(const RunOptions& options) {
  bool all_ok = true;
  std::vector<Result> of_model;
  for (size_t i = 0; i < options.comparisons.size(); ++i) {
    const std::vector<Candidate>& candidates = options.comparisons[i];
    for (Result& result : bench_and_print(options, candidates)) {
      all_ok = all_ok && result.outcome.ok();
      of_model.push_back(std::move(result));
    }
    const bool is_last = i + 1 == options.comparisons.size() ||
                         options.comparisons[i + 1][0].model_path != candidates[0].model_path;
    if (!is_last) continue;
    if (options.latency() != nullptr) print_batches(of_model);
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
             "At {:g} requests per second a 99th percentile, which needs {} of them, may take "
             "--budget={:.0f}; without it the table has none.\n",
             *traffic->rate_per_s, kMinSamplesForP99, needed_s);
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
      "--tune-budget is for an engine that can look for faster code, and none of these can; add "
      "--tvm");
}

}  // namespace

int run_command(const std::vector<std::string>& arguments) {
  const RunOptions options = parse_run_options(arguments);
  read_all_models(options);
  check_tuning(options);
  report_if_too_short(options);
  report_missing_protection();
  const bool all_ok = bench_all(options);
  fmt::print(stderr, "Results are in {}\n", options.output);
  return all_ok ? kExitOk : kExitNotAllOk;
}

}  // namespace dnnbench
