#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/parse_run_options.h"
#include "cli/table.h"
#include "cli/terminal_progress.h"
#include "onnx/model.h"
#include "run/bench.h"

namespace dnnbench {

int run_command(const std::vector<std::string>& arguments) {
  const RunOptions options = parse_run_options(arguments);
  if (options.models.size() > 1) {
    // A bad model is found now, not after the ones before it have been measured.
    for (const std::string& model : options.models) read_model(model);
  }
  bool all_ok = true;
  for (const std::string& model : options.models) {
    std::vector<Result> results;
    {
      TerminalProgress progress;
      results = bench_model(options, model, progress);
    }
    fmt::print("{}\n{}\n{}\n\n", heading(results), results_table(results),
               closing_sentence(results));
    std::fflush(stdout);
    for (const Result& result : results) all_ok = all_ok && result.outcome.ok();
  }
  fmt::print(stderr, "Results are in {}\n", options.output);
  return all_ok ? kExitOk : kExitNotAllOk;
}

}  // namespace dnnbench
