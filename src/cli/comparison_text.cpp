#include "cli/comparison_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/commands.h"
#include "cli/layout.h"
#include "cli/table.h"
#include "core/printable.h"
#include "core/statistics.h"
#include "results/units.h"

namespace dnnbench {
namespace {

std::string time_cell(const std::optional<double>& seconds) {
  return seconds ? format_seconds(*seconds) : "-";
}

bool has_ratio(const Compared& row) {
  return row.before_s && row.after_s && row.change != Change::kNotCompared;
}

std::string ratio_cell(const Compared& row) {
  return has_ratio(row) ? ratio_figures(row.ratio) : "-";
}

std::string label(const Compared& row) { return printable(row.label); }

Table table_of(const ComparedFolders& compared) {
  // The last number is the order in which columns are dropped.
  Table table{{{"model", "", Align::kLeft},
               {"engine", "", Align::kLeft},
               {"before", "", Align::kRight, 1},
               {"after", "", Align::kRight, 2},
               {"after/before", "", Align::kLeft},
               {"verdict", "", Align::kLeft}},
              {}};
  for (const Compared& row : compared.rows) {
    table.rows.push_back({printable(row.model), label(row), time_cell(row.before_s),
                          time_cell(row.after_s), ratio_cell(row),
                          std::string(to_string(row.change))});
  }
  return table;
}

bool includes_run_to_run(const Compared& row) {
  return !row.in_turns && has_ratio(row) && row.ratio.interval.low != row.ratio.interval.high;
}

// "3", or "3 to 12".
std::string from_to(double min, double max) {
  const std::string first = fmt::format("{:.3g}", min), last = fmt::format("{:.3g}", max);
  return first == last ? first : fmt::format("{} to {}", first, last);
}

// Of rows whose figures have the same origin: how large they are, and what they were learned from.
std::string about_figures(const std::vector<const Compared*>& rows) {
  std::vector<double> percents, runs;
  std::set<std::string> starts;
  for (const Compared* row : rows) {
    percents.push_back(100 * (row->run_to_run.ratio - 1));
    runs.push_back(static_cast<double>(row->run_to_run.runs));
    starts.insert(row->run_to_run.since);
  }
  const std::string percent = from_to(min(percents), max(percents));
  if (max(runs) == 0) {
    return fmt::format(
        "{}% that two runs may differ by, a default for a machine of which nothing is known "
        "(repeating the same run a few times shows this machine's own figure)",
        percent);
  }
  const std::string& since = *starts.begin();  // empty where one is
  return fmt::format("{}% that two runs on the machine differ by, from {} repeated runs{}{}",
                     percent, from_to(min(runs), max(runs)),
                     rows[0]->run_to_run.of_others ? " of other models, engines or settings" : "",
                     since.empty() ? "" : " since " + printable(since.substr(0, 10)));
}

// What the intervals of rows that were not measured in turns include.
std::string about_run_to_run(const ComparedFolders& compared) {
  enum Origin { kSame, kOthers, kDefault };
  std::map<Origin, std::vector<const Compared*>> origins;
  for (const Compared& row : compared.rows) {
    if (!includes_run_to_run(row)) continue;
    const Origin origin = row.run_to_run.runs == 0   ? kDefault
                          : row.run_to_run.of_others ? kOthers
                                                     : kSame;
    origins[origin].push_back(&row);
  }
  if (origins.empty()) return "";
  std::vector<std::string> parts;
  for (const auto& [origin, rows] : origins) {
    std::string whose;
    if (origins.size() > 1) {
      std::set<std::string> labels;
      for (const Compared* row : rows) labels.insert(label(*row));
      whose = fmt::format(" for {}", fmt::join(labels, ", "));
    }
    parts.push_back(about_figures(rows) + whose);
  }
  return fmt::format("Not measured in turns: the intervals include {}.\n", fmt::join(parts, "; "));
}

// What --fail-above comes to. Where nothing was compared, a gate has not been passed.
Gate worst_of(const ComparedFolders& compared, double share) {
  const bool has_any = std::any_of(compared.rows.begin(), compared.rows.end(), has_ratio);
  Gate worst = has_any ? Gate::kNoWorse : Gate::kCantTell;
  for (const Compared& row : compared.rows) worst = std::max(worst, gate_of(row, share));
  return worst;
}

std::string sentence(const ComparedFolders& compared, const std::optional<Percentage>& fail_above) {
  int slower = 0, worse = 0, untold = 0, faster = 0, broken = 0;
  for (const Compared& row : compared.rows) {
    slower += row.change == Change::kSlower ? 1 : 0;
    faster += row.change == Change::kFaster ? 1 : 0;
    broken += row.change == Change::kBroken || row.change == Change::kMissing ? 1 : 0;
    if (!fail_above) continue;
    worse += gate_of(row, fail_above->share) == Gate::kWorse ? 1 : 0;
    untold += gate_of(row, fail_above->share) == Gate::kCantTell ? 1 : 0;
  }
  std::string text = fmt::format("{} compared: {} slower, {} faster, {} broken or missing.",
                                 compared.rows.size(), slower, faster, broken);
  if (!fail_above) return text;
  if (worse > 0) {
    text += fmt::format(" {} worse than --fail-above={} allows.", worse, fail_above->text);
  }
  if (untold > 0) {
    text += fmt::format(" Of {} it can't be decided whether --fail-above={} allows it.", untold,
                        fail_above->text);
  }
  if (worse + untold > 0) return text;
  if (worst_of(compared, fail_above->share) == Gate::kCantTell) {
    return text + fmt::format(" Nothing has times to compare, so --fail-above={} is undecided.",
                              fail_above->text);
  }
  return text + fmt::format(" None is slower by more than {}.",
                            allowed(fail_above->text, fail_above->share));
}

// The same in every run, whatever else was compared: the name of a series over time.
std::string series(const Compared& row) {
  const std::string& meta = row.backend_meta;
  const size_t dash = meta.find('-');
  const std::string variant = meta.substr(0, dash);
  std::string name = fmt::format("{} on {}", row.model, row.backend);
  if (variant != "cpu") name += "-" + variant;
  if (dash != std::string::npos) name += " (" + meta.substr(dash + 1) + ")";
  return name;
}

Cell number_cell(const std::optional<double>& value) {
  return {"", value && *value > 0 ? value : std::nullopt};
}

}  // namespace

std::string comparison_text(const ComparedFolders& compared, const ComparisonContext& context) {
  std::string notes;
  const auto add = [&](const Compared& row, const std::string& what) {
    if (!what.empty()) {
      notes += fmt::format("{}, {}: {}\n", printable(row.model), label(row), printable(what));
    }
  };
  for (const Compared& row : compared.rows) add(row, row.reason);
  for (const std::string& warning : compared.warnings) {
    notes += fmt::format("warning: {}\n", printable(warning));
  }
  notes += about_run_to_run(compared);
  const std::optional<Percentage>& limit = context.fail_above;
  for (const Compared& row : compared.rows) {
    if (!limit || gate_of(row, limit->share) != Gate::kCantTell) continue;
    const std::string what = what_would_tell(row, limit->text, limit->share, context.length);
    if (!what.empty()) add(row, "undecided: " + what);
  }
  return wrapped(sentence(compared, limit) + "\n\n", context.width) +
         table_text(table_of(compared), context.width, kWiderTerminal) +
         wrapped(notes, context.width);
}

int gate_exit_code(const ComparedFolders& compared, const std::optional<Percentage>& fail_above) {
  const Gate worst = fail_above ? worst_of(compared, fail_above->share) : Gate::kNoWorse;
  if (worst == Gate::kWorse) return kExitSlower;
  return worst == Gate::kCantTell ? kExitCantTell : kExitOk;
}

std::string comparison_csv(const ComparedFolders& compared) {
  Table table;
  for (const char* key : {"model", "backend", "backend_meta", "instance", "before_s", "after_s",
                          "ratio", "ratio_low", "ratio_high", "verdict"}) {
    table.columns.push_back({"", key});
  }
  for (const Compared& row : compared.rows) {
    const auto only = [&](double value) {
      return number_cell(has_ratio(row) ? std::optional(value) : std::nullopt);
    };
    table.rows.push_back({row.model, row.backend, row.backend_meta, row.instance,
                          number_cell(row.before_s), number_cell(row.after_s),
                          only(row.ratio.value), only(row.ratio.interval.low),
                          only(row.ratio.interval.high), std::string(to_string(row.change))});
  }
  return table_csv(table);
}

std::string comparison_markdown(const ComparedFolders& compared) {
  std::string text = table_markdown(table_of(compared));
  for (const std::string& warning : compared.warnings) {
    text += fmt::format("\n- {}", printable(warning));
  }
  return compared.warnings.empty() ? text : text + "\n";
}

std::string comparison_for_github_action_benchmark(const ComparedFolders& compared) {
  nlohmann::ordered_json entries = nlohmann::ordered_json::array();
  for (const Compared& row : compared.rows) {
    if (!row.after_s) continue;
    entries.push_back({{"name", series(row)},
                       {"unit", "ms"},
                       {"value", *row.after_s * 1e3},
                       {"extra", fmt::format("{}; {} {}", row.instance, ratio_cell(row),
                                             to_string(row.change))}});
  }
  return entries.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace dnnbench
