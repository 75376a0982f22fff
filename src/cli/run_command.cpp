#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/load_table.h"
#include "cli/parse_run_options.h"
#include "cli/table.h"
#include "cli/terminal_progress.h"
#include "cli/throughput_table.h"
#include "onnx/model.h"
#include "run/bench.h"

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

// Whether all engines are ok.
bool bench_and_print(const RunOptions& options, const std::string& model) {
  std::vector<Result> results;
  {
    TerminalProgress progress;
    results = bench_model(options, model, progress);
  }
  print(options.mode, results);
  std::fflush(stdout);
  return std::all_of(results.begin(), results.end(),
                     [](const Result& result) { return result.outcome.ok(); });
}

}  // namespace

int run_command(const std::vector<std::string>& arguments) {
  const RunOptions options = parse_run_options(arguments);
  if (options.models.size() > 1) {
    // A bad model is found now, not after the ones before it have been measured.
    for (const std::string& model : options.models) read_model(model);
  }
  bool all_ok = true;
  for (const std::string& model : options.models) {
    for (const RunOptions& one : one_a_batch(options)) {
      all_ok = bench_and_print(one, model) && all_ok;
    }
  }
  fmt::print(stderr, "Results are in {}\n", options.output);
  return all_ok ? kExitOk : kExitNotAllOk;
}

}  // namespace dnnbench
