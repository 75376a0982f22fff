#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/comparison_text.h"
#include "cli/layout.h"
#include "cli/terminal.h"
#include "compare/compare_results.h"
#include "core/error.h"

namespace dnnbench {
namespace {

struct CompareOptions {
  std::vector<std::string> folders;
  std::optional<Percentage> fail_above;
  std::string format;
  double confidence = 0.99;
};

CompareOptions parse_compare(const std::vector<std::string>& arguments) {
  CompareOptions options;
  std::string fail_above;
  CLI::App app;
  app.add_option("folders", options.folders);
  app.add_option("--fail-above", fail_above);
  app.add_option("--export", options.format);
  app.add_option("--confidence", options.confidence)->check(CLI::Range(0.5, 0.999999));
  parse_arguments(app, "compare", arguments);
  if (options.folders.size() != 2) {
    throw UsageError("dnnbench compare: give two folders of results, BEFORE and AFTER");
  }
  if (app.count("--fail-above") > 0) {
    options.fail_above = parse_percentage("compare", "--fail-above", fail_above);
  }
  return options;
}

ResultsFolder read(const std::string& folder) {
  ResultsFolder found = read_results(folder);
  for (const std::string& sentence : found.skipped) {
    say("dnnbench: " + sentence);
  }
  if (found.results.empty()) throw UsageError(fmt::format("there are no results below {}", folder));
  return found;
}

std::string text_of(const ComparedFolders& compared, const CompareOptions& options) {
  if (options.format == "csv") return comparison_csv(compared);
  if (options.format == "markdown") return comparison_markdown(compared);
  if (options.format == "github-action-benchmark") {
    return comparison_for_github_action_benchmark(compared);
  }
  return comparison_text(compared, {options.fail_above, {}, width_of(STDOUT_FILENO)});
}

}  // namespace

int compare_command(const std::vector<std::string>& arguments) {
  const CompareOptions options = parse_compare(arguments);
  const ResultsFolder before = read(options.folders[0]), after = read(options.folders[1]);
  const RunToRun of_folders = larger(run_to_run_in(options.folders[0], before.results),
                                     run_to_run_in(options.folders[1], after.results));
  const ComparedFolders compared =
      compare_results(before.results, after.results, options.confidence, of_folders);
  fmt::print("{}", text_of(compared, options));
  return gate_exit_code(compared, options.fail_above);
}

}  // namespace dnnbench
