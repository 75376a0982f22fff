// Shows a whole run of the command line: progress on stderr, what came of it on stdout.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "cli/comparison_text.h"
#include "cli/layout.h"
#include "cli/parse_run_options.h"
#include "cli/run_report.h"
#include "cli/terminal_progress.h"
#include "run/progress.h"

namespace dnnbench {

class Presenter {
 public:
  // `presentation` must outlive this.
  explicit Presenter(const Presentation& presentation);

  Progress& progress();

  // Begins comparison number `comparison`, from 1 on, of `comparisons`.
  void begin(size_t comparison, size_t comparisons);

  // What came of a comparison; at least one result.
  void print(const std::vector<Result>& results);

  // All sizes of one model's batch, in latency mode, once they are measured. At least one result.
  void print_batches(const std::vector<Result>& results);

  // What was measured against what was before, or against another candidate. Where the table is
  // exported, on stderr, for stdout has the export alone.
  void print_comparison(const ComparedFolders& compared, ComparisonContext context);

  // The export, if one was asked for, where the results are, and what can be done with them. ""
  // where they are not all stored.
  void end(const std::string& output);

 private:
  void print(const RunReport& report);

  const Presentation& presentation_;
  size_t width_;
  std::unique_ptr<TerminalProgress> terminal_;  // unless it is to be quiet
  NoProgress silent_;
  Table exported_;
};

}  // namespace dnnbench
