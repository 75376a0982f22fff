#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <thread>

#include "cli/against_report.h"
#include "cli/commands.h"
#include "cli/engine_flags.h"
#include "cli/layout.h"
#include "cli/parse_run_options.h"
#include "cli/presenter.h"
#include "core/error.h"
#include "core/statistics.h"
#include "machine/cores.h"
#include "machine/disturbance.h"
#include "machine/machine_counters.h"
#include "machine/read_environment.h"
#include "measure/bench.h"
#include "measure/describe.h"
#include "measure/prepared_models.h"
#include "process/confinement.h"
#include "process/engine_session.h"
#include "process/interrupt.h"
#include "results/folder_lock.h"
#include "traffic/turn_plan.h"

namespace dnnbench {

namespace {

// What all comparisons of the command came to.
struct Tally {
  bool all_ok = true;
  bool any_undisturbed = false;  // among those that are ok
  Noise latency_noise;           // of all results in latency mode
  std::optional<double> quota;   // of the control group, in CPUs
  int gate = kExitOk;            // of --fail-above
  std::vector<std::string> not_stored;
  std::vector<std::string> journals;

  void add(const Bench& bench) {
    for (const Result& result : bench.results) {
      all_ok = all_ok && result.outcome.ok();
      any_undisturbed = any_undisturbed || (result.outcome.ok() && !is_suspect(result));
      if (result.mode == Mode::kLatency) ::dnnbench::add(latency_noise, result.measured.noise);
      quota = result.environment.cgroup_cpu_quota;
    }
    if (!bench.journal.empty()) journals.push_back(bench.journal);
    not_stored.insert(not_stored.end(), bench.not_stored.begin(), bench.not_stored.end());
  }

  // An undecided gate hides nothing that is worse.
  void add_gate(int code) { gate = gate == kExitSlower || code == kExitOk ? gate : code; }

  int exit_code() const {
    if (!not_stored.empty()) return kExitUsage;
    if (is_interrupted()) return kExitSignal + interrupt_signal();
    if (gate != kExitOk) return gate;
    if (!all_ok) return kExitNotAllOk;
    return any_undisturbed ? kExitOk : kExitCantTell;
  }
};

// No results where it was interrupted before there were any.
Bench bench_and_print(const RunOptions& options, const std::vector<Candidate>& candidates,
                      Presenter& presenter) {
  try {
    Bench done = bench(options, candidates, presenter.progress());
    presenter.print(done.results);
    return done;
  } catch (const Interrupted&) {
    return {};
  }
}

void bench_all(const RunOptions& options, const std::vector<Against>& compared,
               Presenter& presenter, Tally& tally) {
  std::vector<Result> of_model;
  for (size_t i = 0; i < options.comparisons.size() && !is_interrupted(); ++i) {
    const std::vector<Candidate>& candidates = compared[i].candidates();
    presenter.begin(i + 1, options.comparisons.size());
    Bench done = bench_and_print(options, candidates, presenter);
    tally.add(done);
    tally.add_gate(compared[i].report(done, presenter));
    std::move(done.results.begin(), done.results.end(), std::back_inserter(of_model));
    const bool is_last = i + 1 == options.comparisons.size() ||
                         options.comparisons[i + 1][0].model_path != candidates[0].model_path;
    if (!is_last) continue;
    if (options.latency() != nullptr && !of_model.empty()) presenter.print_batches(of_model);
    of_model.clear();
  }
}

// Two runs at once would disturb each other, too.
void wait_for(const FolderLock& lock, const std::string& folder) {
  constexpr auto kBetweenTries = std::chrono::milliseconds(200);
  if (lock.try_take()) return;
  say(fmt::format("Waiting for another run that writes into {}", folder));
  while (!lock.try_take() && !is_interrupted()) std::this_thread::sleep_for(kBetweenTries);
}

// The last words of a run: where its results are, or what is not stored.
void report(const Tally& tally, const std::string& folder, Presenter& presenter) {
  const bool is_complete = !is_interrupted() && tally.not_stored.empty();
  presenter.end(is_complete ? folder : "");
  const std::string stopped =
      tally.quota ? stopped_by_quota(tally.latency_noise, *tally.quota) : "";
  if (!stopped.empty()) say(stopped);
  for (const std::string& sentence : tally.not_stored) {
    say("dnnbench: " + sentence);
  }
  if (is_interrupted()) {
    say(fmt::format("The same command goes on from here; what is known so far is in {}", folder));
  }
}

// Now, not after a minute of measuring.
void report_if_too_short(const RunOptions& options) {
  const TrafficOptions* traffic = options.traffic();
  if (traffic == nullptr || !traffic->rate_per_s || traffic->repeat) return;
  const double needed_s = budget_for_p99_s(*traffic->rate_per_s);
  if (options.budget_s >= needed_s) return;
  say(
      fmt::format("A 99th percentile needs {} requests, which at {:g} requests/s may take "
                  "--budget={:.0f}; with less the table may have none.",
                  kMinSamplesForP99, *traffic->rate_per_s, needed_s));
}

void report_missing_protection() {
  const std::vector<std::string> missing = missing_protection();
  if (missing.empty()) return;
  say(fmt::format("On this machine's kernel an engine can {}: measure only models that you trust.",
                  fmt::join(missing, " and ")));
}

// Without them disturbances are judged by what there is (machine/disturbance.h).
void report_missing_counters() {
  const std::string missing = missing_counters(read_machine_counters());
  if (!missing.empty()) say(missing);
}

void report_isolated_cores(const RunOptions& options) {
  const int cores = default_threads(read_environment());
  const auto has_several = [&](const Candidate& one) { return threads_of(one, cores) > 1; };
  const bool any = std::any_of(
      options.comparisons.begin(), options.comparisons.end(), [&](const auto& candidates) {
        return std::any_of(candidates.begin(), candidates.end(), has_several);
      });
  const std::string warning = any ? warn_of_isolated(isolated_cores()) : "";
  if (!warning.empty()) say(warning);
}

// What can't be run is found now: before a folder is made, and not after others have been measured.
// A single comparison finds its own shapes unfit before it measures.
void check_models(const RunOptions& options) {
  const bool are_several = options.comparisons.size() > 1 || options.throughput() != nullptr;
  NoProgress silent;
  for (const std::vector<Candidate>& candidates : options.comparisons) {
    const PreparedModels models(options, candidates, 1, silent);
    if (are_several) models.require_batches();
  }
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
      "--tune-budget needs an engine that can search for faster code, and none of these can; run "
      "--help says which can");
}

}  // namespace

int run_command(const std::vector<std::string>& arguments) {
  Presentation presentation;
  RunOptions options = parse_run_options(arguments, &presentation);
  check_models(options);
  leave_out_unable(options);
  check_tuning(options);
  if (!presentation.quiet) {
    report_if_too_short(options);
    report_missing_protection();
    report_missing_counters();
    report_isolated_cores(options);
  }
  std::vector<Against> compared;  // planned before the first is measured
  for (const std::vector<Candidate>& candidates : options.comparisons) {
    compared.emplace_back(options, candidates);
  }
  const InterruptGuard interrupts;
  make_results_folder(options.output);
  const FolderLock lock(options.output);
  wait_for(lock, options.output);
  Presenter presenter(presentation);
  Tally tally;
  try {
    bench_all(options, compared, presenter, tally);
  } catch (const Error&) {
    if (!tally.journals.empty()) presenter.end("");  // what was measured before it
    throw;
  }
  report(tally, options.output, presenter);
  // A later command is to measure again, unless this one left something undone.
  if (!is_interrupted() && tally.not_stored.empty()) {
    for (const std::string& journal : tally.journals) unlink(journal.c_str());
  }
  return tally.exit_code();
}

}  // namespace dnnbench
