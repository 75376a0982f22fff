#include "cli/presenter.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/terminal.h"
#include "core/commands.h"
#include "measure/rank_results.h"

namespace dnnbench {
namespace {

// Those that were ranked with each other.
std::vector<std::vector<Result>> rankings_of(const std::vector<Result>& results) {
  if (are_ranked_together(results)) return {results};
  std::vector<std::vector<Result>> rankings;
  for (const Result& result : results) {
    const auto same = std::find_if(rankings.begin(), rankings.end(), [&](const auto& ranking) {
      return ranking.front().candidate.precision == result.candidate.precision;
    });
    if (same == rankings.end()) {
      rankings.push_back({result});
    } else {
      same->push_back(result);
    }
  }
  return rankings;
}

// The results of a run that compares variants have an acceptance.
bool compare_variants(const std::vector<Result>& results) {
  return std::any_of(results.begin(), results.end(),
                     [](const Result& result) { return result.acceptance.has_value(); });
}

}  // namespace

Presenter::Presenter(const Presentation& presentation)
    : presentation_(presentation),
      width_(presentation.wide ? kUnlimitedWidth : width_of(STDOUT_FILENO)) {
  if (!presentation.quiet) terminal_ = std::make_unique<TerminalProgress>();
}

Progress& Presenter::progress() {
  if (terminal_) return *terminal_;
  return silent_;
}

void Presenter::begin(size_t comparison, size_t comparisons) {
  if (terminal_) terminal_->begin(comparison, comparisons);
}

void Presenter::print(const std::vector<Result>& results) {
  if (!presentation_.format.empty()) return add_for_export(results, exported_);
  for (const std::vector<Result>& ranking : rankings_of(results)) print(report_of(ranking));
  if (compare_variants(results)) print(report_of_variants(results));
}

void Presenter::print_batches(const std::vector<Result>& results) {
  const bool has_one = std::all_of(results.begin(), results.end(), [&](const Result& result) {
    return result.candidate.batch == results.front().candidate.batch;
  });
  if (presentation_.format.empty() && !has_one) print(report_of_batches(results));
}

void Presenter::print_comparison(const ComparedFolders& compared, ComparisonContext context) {
  const bool exports = !presentation_.format.empty();
  if (terminal_) terminal_->hide();
  context.width = exports ? width_of(STDERR_FILENO) : width_;
  fmt::print(exports ? stderr : stdout, "Compared with what was before:\n{}\n",
             comparison_text(compared, context));
  std::fflush(stdout);
}

void Presenter::end(const std::string& output) {
  if (terminal_) terminal_->hide();
  if (!presentation_.format.empty()) fmt::print("{}", exported(exported_, presentation_.format));
  if (presentation_.quiet || output.empty()) return;
  fmt::print(stderr, "Results are in {}\n", output);
  if (!can_rewrite(STDERR_FILENO)) return;
  say(fmt::format("Next: {} plot {} plots draws them; advise and compare take the folder, too.",
                  dnnbench_name(), output));
}

void Presenter::print(const RunReport& report) {
  if (terminal_) terminal_->hide();
  fmt::print("{}", report_text(report, width_));
  std::fflush(stdout);
}

}  // namespace dnnbench
