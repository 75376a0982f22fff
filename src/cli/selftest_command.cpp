#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/layout.h"
#include "cli/parse_run_options.h"
#include "cli/terminal_progress.h"
#include "measure/selftest.h"
#include "process/worker_process.h"

namespace dnnbench {
namespace {

std::string verdict_of(const SelftestRow& row) {
  const std::string limit = fmt::format("{:g} %", 100 * kSelftestLimit);
  switch (row.agreement) {
    case Agreement::kAgrees:
      return "agrees within " + limit;
    case Agreement::kDiffers:
      return "differs by more than " + limit;
    case Agreement::kUnknown:
      return fmt::format("not known within {}; a longer --budget may decide it", limit);
    case Agreement::kBusy:
      return "the machine was busy with something else";
  }
  return "";
}

std::vector<std::string> cells_of(const SelftestRow& row) {
  const bool known = row.agreement != Agreement::kBusy;
  return {row.label,
          row.other,
          known ? fmt::format("{:.3g} ms", 1e3 * row.alone_s) : "-",
          known ? fmt::format("{:.3f}x [{:.3f}, {:.3f}]", row.ratio, row.interval.low,
                              row.interval.high)
                : "-",
          fmt::format("{}", row.cycles),
          fmt::format("{}", row.disturbed),
          verdict_of(row)};
}

}  // namespace

int selftest_command(const std::vector<std::string>& arguments) {
  const RunOptions options = parse_selftest_options(arguments);
  std::vector<std::vector<std::string>> rows{
      {"engine", "beside", "alone", "in turns", "cycles", "disturbed", "verdict"}};
  bool all_agree = true;
  try {
    TerminalProgress progress;
    for (const SelftestRow& row : selftest(options, progress)) {
      rows.push_back(cells_of(row));
      all_agree = all_agree && row.agreement == Agreement::kAgrees;
    }
  } catch (const EngineEnded& ended) {
    fmt::print(stderr, "an engine ended: {}\n", ended.what());
    return kExitNotAllOk;
  }
  fmt::print("{}", layout(rows, {0, 1, 6}));
  return all_agree ? kExitOk : kExitNotAllOk;
}

}  // namespace dnnbench
