// What `dnnbench compare` and `run --against` print: compared results in, text out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "cli/terminal.h"
#include "compare/compare_results.h"
#include "compare/gate.h"
#include "run/options.h"

namespace dnnbench {

// What the text depends on besides the results.
struct ComparisonContext {
  std::optional<Percentage> fail_above;
  std::optional<RunLength> length;  // of the run; absent for stored results
  size_t width = kUnlimitedWidth;   // of the terminal
};

// What it comes to, the table, and the warnings; where --fail-above is undecided, which run would
// decide it (compare/gate.h).
std::string comparison_text(const ComparedFolders& compared, const ComparisonContext& context);

// The exit code of --fail-above: that of the worst row; undecided where no row has a ratio.
int gate_exit_code(const ComparedFolders& compared, const std::optional<Percentage>& fail_above);

// A line per row, with a header. Numbers in full precision, empty where there is none.
std::string comparison_csv(const ComparedFolders& compared);

// A table for a pull request.
std::string comparison_markdown(const ComparedFolders& compared);

// The medians after, as github-action-benchmark's tool "customSmallerIsBetter" reads them:
// https://github.com/benchmark-action/github-action-benchmark
std::string comparison_for_github_action_benchmark(const ComparedFolders& compared);

}  // namespace dnnbench
