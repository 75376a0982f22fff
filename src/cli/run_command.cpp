#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <set>

#include "cli/commands.h"
#include "cli/parse_run_options.h"
#include "cli/run_report.h"
#include "cli/terminal.h"
#include "cli/terminal_progress.h"
#include "core/error.h"
#include "core/statistics.h"
#include "measure/bench.h"
#include "onnx/model.h"
#include "process/confinement.h"
#include "process/engine_session.h"
#include "traffic/turn_plan.h"

namespace dnnbench {

namespace {

// Shows the progress of a whole run and prints each comparison as soon as it is known.
class Presenter {
 public:
  explicit Presenter(const Presentation& presentation) : presentation_(presentation) {
    if (presentation.wide) width_ = kUnlimitedWidth;
    if (!presentation.quiet) terminal_ = std::make_unique<TerminalProgress>();
  }

  Progress& progress() {
    if (terminal_) return *terminal_;
    return silent_;
  }

  void begin(size_t comparison, size_t comparisons) {
    if (terminal_) terminal_->begin(comparison, comparisons);
  }

  void print(const std::vector<Result>& results) {
    if (presentation_.format.empty()) return print(report_of(results));
    add_for_export(results, exported_);
  }

  // All sizes of one model's batch, once they are measured.
  void print_batches(const std::vector<Result>& results) {
    const auto is_first = [&](const Result& result) {
      return result.candidate.batch == results.front().candidate.batch;
    };
    const bool has_one = std::all_of(results.begin(), results.end(), is_first);
    if (presentation_.format.empty() && !has_one) print(report_of_batches(results));
  }

  void end(const std::string& output) {
    if (terminal_) terminal_->hide();
    if (!presentation_.format.empty()) {
      fmt::print("{}", exported(exported_, presentation_.format));
    }
    if (presentation_.quiet) return;
    fmt::print(stderr, "Results are in {}\n", output);
    if (!can_rewrite(STDERR_FILENO)) return;
    fmt::print(stderr, "{}",
               wrapped(fmt::format("Next: ./dnnbench plot {} plots draws them; advise and compare "
                                   "take the folder, too.\n",
                                   output),
                       width_of(STDERR_FILENO)));
  }

 private:
  void print(const RunReport& report) {
    if (terminal_) terminal_->hide();
    fmt::print("{}", report_text(report, width_));
    std::fflush(stdout);
  }

  const Presentation& presentation_;
  size_t width_ = width_of(STDOUT_FILENO);
  std::unique_ptr<TerminalProgress> terminal_;
  NoProgress silent_;
  Table exported_;
};

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
