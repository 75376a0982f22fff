#include <fmt/format.h>

#include <algorithm>

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
#include "process/engine_session.h"
#include "traffic/turn_plan.h"

namespace dnnbench {

namespace {

std::vector<RunOptions> one_a_batch(const RunOptions& options) {
  if (options.batches.empty() || options.mode == Mode::kThroughput) return {options};
  std::vector<RunOptions> all;
  for (const int64_t batch : options.batches) {
    all.push_back(options);
    all.back().batch = batch;
  }
  return all;
}

void print(Mode mode, const std::vector<Result>& results) {
  std::string table, sentence;
  switch (mode) {
    case Mode::kLatency:
      table = results_table(results);
      sentence = closing_sentence(results);
      break;
    case Mode::kLoad:
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

std::vector<Result> bench_and_print(const RunOptions& options, const std::string& model) {
  std::vector<Result> results;
  {
    TerminalProgress progress;
    results = bench_model(options, model, progress);
  }
  print(options.mode, results);
  std::fflush(stdout);
  return results;
}

// Whether all engines are ok, at every batch.
bool bench_batches(const RunOptions& options, const std::string& model) {
  std::vector<Result> all;
  for (const RunOptions& one : one_a_batch(options)) {
    for (Result& result : bench_and_print(one, model)) all.push_back(std::move(result));
  }
  if (options.mode == Mode::kLatency && options.batches.size() > 1) {
    fmt::print("All batches:\n{}\n{}\n\n", batch_table(all), batch_sentence(all));
  }
  return std::all_of(all.begin(), all.end(),
                     [](const Result& result) { return result.outcome.ok(); });
}

// Now, not after a minute of measuring.
void report_if_too_short(const RunOptions& options) {
  if (!options.rate_per_s || options.repeat) return;
  const double needed_s = budget_for_p99_s(*options.rate_per_s);
  if (options.budget_s >= needed_s) return;
  fmt::print(stderr,
             "At {:g} requests a second a 99th percentile, which needs {} of them, may take "
             "--budget={:.0f}; without it the table has none.\n",
             *options.rate_per_s, kMinSamplesForP99, needed_s);
}

// Engines say themselves whether they can. One that doesn't start is given the benefit of the
// doubt: its result says why.
void check_tuning(const RunOptions& options) {
  if (options.tune_budget_s == 0) return;
  const WorkFolder work;
  for (const EngineChoice& choice : options.engines) {
    try {
      if (greet(choice.engine, work).tunes) return;
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
  if (options.models.size() > 1) {
    // A bad model is found now, not after the ones before it have been measured.
    for (const std::string& model : options.models) read_model(model);
  }
  check_tuning(options);
  report_if_too_short(options);
  bool all_ok = true;
  for (const std::string& model : options.models) {
    all_ok = bench_batches(options, model) && all_ok;
  }
  fmt::print(stderr, "Results are in {}\n", options.output);
  return all_ok ? kExitOk : kExitNotAllOk;
}

}  // namespace dnnbench
