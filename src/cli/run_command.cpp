#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <thread>

#include "cli/batch_table.h"
#include "cli/commands.h"
#include "cli/parse_run_options.h"
#include "cli/table.h"
#include "cli/terminal_progress.h"
#include "cli/throughput_table.h"
#include "cli/traffic_table.h"
#include "core/error.h"
#include "core/printable.h"
#include "core/statistics.h"
#include "measure/bench.h"
#include "onnx/model.h"
#include "process/confinement.h"
#include "process/engine_session.h"
#include "process/interrupt.h"
#include "results/folder_lock.h"
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

// What all comparisons of the command came to.
struct Tally {
  bool all_ok = true;
  bool any_undisturbed = false;  // among those that are ok
  std::vector<std::string> not_stored;
  std::vector<std::string> journals;

  void add(const Bench& bench) {
    for (const Result& result : bench.results) {
      all_ok = all_ok && result.outcome.ok();
      any_undisturbed = any_undisturbed || (result.outcome.ok() && !is_suspect(result));
    }
    if (!bench.journal.empty()) journals.push_back(bench.journal);
    not_stored.insert(not_stored.end(), bench.not_stored.begin(), bench.not_stored.end());
  }

  int exit_code() const {
    if (!not_stored.empty()) return kExitUsage;
    if (is_interrupted()) return kExitSignal + interrupt_signal();
    if (!all_ok) return kExitNotAllOk;
    return any_undisturbed ? kExitOk : kExitSuspect;
  }
};

// No results where it was interrupted before there were any.
Bench bench_and_print(const RunOptions& options, const std::vector<Candidate>& candidates) {
  Bench done;
  try {
    TerminalProgress progress;
    done = bench(options, candidates, progress);
  } catch (const Interrupted&) {
    return {};
  }
  print(mode_of(options), done.results);
  std::fflush(stdout);
  return done;
}

// All batches of one model, once they are measured.
void print_batches(const std::vector<Result>& results) {
  const auto is_first = [&](const Result& result) {
    return result.candidate.batch == results.front().candidate.batch;
  };
  if (std::all_of(results.begin(), results.end(), is_first)) return;
  fmt::print("All batches:\n{}\n{}\n\n", batch_table(results), batch_sentence(results));
}

Tally bench_all(const RunOptions& options) {
  Tally tally;
  std::vector<Result> of_model;
  for (size_t i = 0; i < options.comparisons.size() && !is_interrupted(); ++i) {
    const std::vector<Candidate>& candidates = options.comparisons[i];
    Bench done = bench_and_print(options, candidates);
    tally.add(done);
    std::move(done.results.begin(), done.results.end(), std::back_inserter(of_model));
    const bool is_last = i + 1 == options.comparisons.size() ||
                         options.comparisons[i + 1][0].model_path != candidates[0].model_path;
    if (!is_last) continue;
    if (options.latency() != nullptr && !of_model.empty()) print_batches(of_model);
    of_model.clear();
  }
  return tally;
}

// Two runs at once would disturb each other, too.
void wait_for(const FolderLock& lock, const std::string& folder) {
  constexpr auto kBetweenTries = std::chrono::milliseconds(200);
  if (lock.try_take()) return;
  fmt::print(stderr, "Waiting for another run that writes into {}\n", folder);
  while (!lock.try_take() && !is_interrupted()) std::this_thread::sleep_for(kBetweenTries);
}

// The last words of a run: where its results are, or what is not stored.
void report(const Tally& tally, const std::string& folder) {
  for (const std::string& sentence : tally.not_stored) {
    fmt::print(stderr, "dnnbench: {}\n", printable(sentence));
  }
  if (is_interrupted()) {
    fmt::print(stderr, "The same command goes on from here; what is known so far is in {}\n",
               folder);
  } else if (tally.not_stored.empty()) {
    fmt::print(stderr, "Results are in {}\n", folder);
  }
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

// A bad model is found now: before a folder is made, and not after others have been measured.
void read_all_models(const RunOptions& options) {
  std::set<std::string> paths;
  for (const std::vector<Candidate>& candidates : options.comparisons) {
    for (const Candidate& candidate : candidates) paths.insert(candidate.model_path);
  }
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
  const InterruptGuard interrupts;
  make_results_folder(options.output);
  const FolderLock lock(options.output);
  wait_for(lock, options.output);
  const Tally tally = bench_all(options);
  report(tally, options.output);
  // A later command is to measure anew, unless this one left something undone.
  if (!is_interrupted() && tally.not_stored.empty()) {
    for (const std::string& journal : tally.journals) unlink(journal.c_str());
  }
  return tally.exit_code();
}

}  // namespace dnnbench
