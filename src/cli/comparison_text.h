// What `dnnbench compare` and `run --against` print: compared results in, text out.
#pragma once

#include <optional>
#include <string>

#include "compare/compare_results.h"
#include "run/options.h"

namespace dnnbench {

// A table, the warnings, and what it comes to; where --fail-above is undecided, which run would
// tell (compare/gate.h). `budget_s` was that of the run; absent for stored results.
std::string comparison_text(const ComparedFolders& compared,
                            const std::optional<Percentage>& fail_above,
                            std::optional<double> budget_s = std::nullopt);

// The exit code of --fail-above: that of the worst row.
int gate_exit_code(const ComparedFolders& compared, const std::optional<Percentage>& fail_above);

// A line a row, with a header. Numbers in full precision, empty where there is none.
std::string comparison_csv(const ComparedFolders& compared);

// A table for a pull request.
std::string comparison_markdown(const ComparedFolders& compared);

// The medians after, as github-action-benchmark's tool "customSmallerIsBetter" reads them:
// https://github.com/benchmark-action/github-action-benchmark
std::string comparison_for_github_action_benchmark(const ComparedFolders& compared);

}  // namespace dnnbench
