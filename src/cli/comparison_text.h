// What `dnnbench compare` prints: compared folders in, text out.
#pragma once

#include <optional>
#include <string>

#include "compare/compare_results.h"

namespace dnnbench {

// A table, the warnings, and one sentence. `fail_above` as in is_worse_than.
std::string comparison_text(const ComparedFolders& compared, std::optional<double> fail_above);

// A line a row, with a header. Numbers in full precision, empty where there is none.
std::string comparison_csv(const ComparedFolders& compared);

// A table for a pull request.
std::string comparison_markdown(const ComparedFolders& compared);

// The medians after, as github-action-benchmark's tool "customSmallerIsBetter" reads them:
// https://github.com/benchmark-action/github-action-benchmark
std::string comparison_for_github_action_benchmark(const ComparedFolders& compared);

}  // namespace dnnbench
