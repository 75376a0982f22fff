#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/engine_flags.h"
#include "cli/layout.h"
#include "cli/parse_run_options.h"
#include "cli/terminal.h"
#include "cli/terminal_progress.h"
#include "measure/selftest.h"
#include "process/worker_process.h"
#include "results/units.h"

namespace dnnbench {
namespace {

std::string verdict_of(const SelftestRow& row) {
  switch (row.agreement) {
    case Agreement::kAgrees:
      return "agrees";
    case Agreement::kDiffers:
      return "differs";
    case Agreement::kUnknown:
      return "undecided";
    case Agreement::kBusy:
      return "busy";
  }
  return "";
}

// What the verdict means: one sentence.
std::string meaning_of(const SelftestRow& row, const std::string& limit) {
  switch (row.agreement) {
    case Agreement::kDiffers:
      return fmt::format("{} differs by more than {} where it takes turns with {}.", row.label,
                         limit, row.other);
    case Agreement::kUnknown:
      return fmt::format(
          "Whether {} agrees within {} is undecided; a longer --budget may decide it.", row.label,
          limit);
    case Agreement::kBusy:
      return fmt::format("The machine was busy with something else while {} was measured.",
                         row.label);
    case Agreement::kAgrees:
      break;
  }
  return "";
}

std::string answer_of(const std::vector<SelftestRow>& rows) {
  const std::string limit = fmt::format("{:g} %", 100 * kSelftestLimit);
  std::string text;
  for (const SelftestRow& row : rows) {
    const std::string meaning = meaning_of(row, limit);
    if (!meaning.empty()) text += meaning + "\n";
  }
  if (!text.empty()) return text;
  return fmt::format("Each engine in turns is as fast as alone, within {}.\n", limit);
}

Table table_of(const std::vector<SelftestRow>& rows) {
  // The last number is the order in which columns are dropped.
  Table table{{{"engine", "", Align::kLeft},
               {"beside", "", Align::kLeft, 4},
               {"alone", "", Align::kRight, 3},
               {"in turns", "", Align::kRight},
               {"cycles", "", Align::kRight, 2},
               {"disturbed", "", Align::kRight, 1},
               {"verdict", "", Align::kLeft}},
              {}};
  for (const SelftestRow& row : rows) {
    const bool known = row.agreement != Agreement::kBusy;
    table.rows.push_back({row.label, row.other, known ? format_seconds(row.alone_s) : "-",
                          known ? fmt::format("{:.3f}x [{:.3f}, {:.3f}]", row.ratio,
                                              row.interval.low, row.interval.high)
                                : "-",
                          fmt::format("{}", row.cycles), fmt::format("{}", row.disturbed),
                          verdict_of(row)});
  }
  return table;
}

}  // namespace

int selftest_command(const std::vector<std::string>& arguments) {
  RunOptions options = parse_selftest_options(arguments);
  leave_out_unable(options);
  std::vector<SelftestRow> rows;
  try {
    TerminalProgress progress;
    rows = selftest(options, progress);
  } catch (const EngineEnded& ended) {
    fmt::print(stderr, "an engine ended: {}\n", ended.what());
    return kExitNotAllOk;
  }
  const size_t width = width_of(STDOUT_FILENO);
  fmt::print("{}\n{}", wrapped(answer_of(rows), width),
             table_text(table_of(rows), width, kWiderTerminal));
  const bool all_agree = std::all_of(rows.begin(), rows.end(), [](const SelftestRow& row) {
    return row.agreement == Agreement::kAgrees;
  });
  return all_agree ? kExitOk : kExitNotAllOk;
}

}  // namespace dnnbench
