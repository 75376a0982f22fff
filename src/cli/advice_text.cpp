#include "cli/advice_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "cli/layout.h"
#include "core/printable.h"
#include "results/units.h"

namespace dnnbench {
namespace {

constexpr size_t kMaxPlans = 15;
constexpr size_t kMaxRejected = 20;
constexpr size_t kMaxRuns = 60;

std::string machines(const Plan& plan) {
  return fmt::format("{}x {}", plan.count, printable(plan.candidate->what.instance));
}

std::string machines_and_engine(const Plan& plan) {
  return fmt::format("{} with {}", machines(plan), printable(plan.candidate->label));
}

std::string within(const Demand& demand) {
  return demand.latency_p99_s ? fmt::format(" within {:g} s", *demand.latency_p99_s) : "";
}

// A plan whose 99th percentile is unknown is not said to be within the bound.
std::string within(const Demand& demand, const Plan& plan) {
  if (!demand.latency_p99_s || plan.latency.basis != LatencyBasis::kMeanEstimate) {
    return within(demand);
  }
  return fmt::format(" in about {} on average ({:g} s was asked for, and its p99 is unknown)",
                     format_seconds(plan.latency.seconds.value_or(0)), *demand.latency_p99_s);
}

std::string asked(const Question& question, const std::string& latency) {
  const Demand& demand = question.demand;
  std::string text = fmt::format("{:g} inferences/s of {}{}", demand.throughput_per_s,
                                 printable(question.model), latency);
  if (demand.headroom > 0) text += fmt::format(" with {:g} % headroom", 100 * demand.headroom);
  if (demand.max_instances == 1) {
    text += " on a single instance";
  } else if (demand.max_instances < kMaxMachines) {
    text += fmt::format(" on at most {} instances", demand.max_instances);
  }
  return text;
}

std::string latency_cell(const Latency& latency) {
  if (!latency.seconds) {
    return latency.basis == LatencyBasis::kMeasuredUnderTraffic ? "unknown" : "unbounded";
  }
  const std::string time = format_seconds(*latency.seconds);
  switch (latency.basis) {
    case LatencyBasis::kQueueingEstimate:
      return "~" + time;
    case LatencyBasis::kMeanEstimate:
      return "~" + time + " mean";
    case LatencyBasis::kMeasuredUnderTraffic:
      break;
  }
  return time;
}

// What the terms in the column of latencies mean, as far as they occur.
std::string legend_of_latency(const std::vector<const Plan*>& rows) {
  std::set<std::string> lines;
  for (const Plan* plan : rows) {
    const Latency& latency = plan->latency;
    const bool measured = latency.basis == LatencyBasis::kMeasuredUnderTraffic;
    if (!latency.seconds) {
      lines.insert(
          measured
              ? "p99 unknown: more traffic than was measured.\n"
              : "p99 unbounded: the machines are always busy, so the queue grows without end.\n");
    } else if (latency.basis == LatencyBasis::kQueueingEstimate) {
      lines.insert(
          "p99 ~: estimated by queueing theory from times measured one request at a time.\n");
    } else if (!measured) {
      lines.insert(
          "p99 ~ mean: only mean times are known; the mean with queueing, estimated as if all "
          "inferences took equally long.\n");
    }
  }
  return fmt::format("{}", fmt::join(lines, ""));
}

// The notes that every plan has, which need not stand in every row.
std::set<std::string> common_labels(const std::vector<const Plan*>& plans) {
  std::set<std::string> common;
  for (const Note& note : notes(*plans.front())) common.insert(note.label);
  for (const Plan* plan : plans) {
    std::set<std::string> kept;
    for (const Note& note : notes(*plan)) {
      if (common.count(note.label) > 0) kept.insert(note.label);
    }
    common = kept;
  }
  if (plans.size() == 1) common.clear();
  return common;
}

std::string notes_cell(const Plan& plan, const std::set<std::string>& unless) {
  std::vector<std::string> labels;
  for (const Note& note : notes(plan)) {
    if (unless.count(note.label) == 0) labels.push_back(note.label);
  }
  return fmt::format("{}", fmt::join(labels, ", "));
}

// The same notes in full.
std::string common_notes(const Plan& plan, const std::set<std::string>& common) {
  std::string text;
  for (const Note& note : notes(plan)) {
    if (common.count(note.label) > 0) text += fmt::format("All plans: {}.\n", note.meaning);
  }
  return text;
}

// What the labels in the rows mean.
std::string legend_of_notes(const std::vector<const Plan*>& rows,
                            const std::set<std::string>& unless) {
  std::set<std::string> known = unless;
  std::string text;
  for (const Plan* plan : rows) {
    for (const Note& note : notes(*plan)) {
      if (known.insert(note.label).second)
        text += fmt::format("{}: {}.\n", note.label, note.meaning);
    }
  }
  return text;
}

std::string times(double usd, double cheapest_usd) {
  return cheapest_usd > 0 ? fmt::format("{:.2f}x", usd / cheapest_usd) : "-";
}

std::string utilisation_cell(const Plan& plan) {
  if (plan.candidate->only_under_traffic) return "-";  // its capacity is not known
  return fmt::format("{:.0f}%", 100 * plan.utilisation);
}

// The last number is the order in which columns are dropped.
const std::vector<Column> kPlanColumns{
    {"plan", "", Align::kLeft},
    {"engine", "", Align::kLeft},
    {"$/h", ""},
    {"relative cost", "", Align::kRight, 4},
    {"$/million", "", Align::kRight, 1},
    {"capacity/s", "", Align::kRight, 2},
    {"utilisation", "", Align::kRight, 3},
    {"p99", ""},
    {"notes", "", Align::kLeft, 5},
};

const std::vector<Column> kSweepColumns{
    {"above/s", "", Align::kRight, 3},
    {"up to/s", ""},
    {"plan", "", Align::kLeft},
    {"engine", "", Align::kLeft, 5},
    {"$/h", ""},
    {"$/million at end", "", Align::kRight, 1},
    {"p99 at end", "", Align::kRight, 2},
    {"notes", "", Align::kLeft, 4},
};

std::string plans_table(const std::vector<Plan>& plans, size_t width) {
  std::vector<const Plan*> all;
  for (const Plan& plan : plans) all.push_back(&plan);
  const std::set<std::string> common = common_labels(all);
  const double cheapest_usd = plans.front().usd_per_hour;
  Table table{kPlanColumns, {}};
  std::vector<const Plan*> shown = all;
  shown.resize(std::min(all.size(), kMaxPlans));
  for (const Plan* one : shown) {
    const Plan& plan = *one;
    table.rows.push_back({machines(plan), printable(plan.candidate->label),
                          format_usd(plan.usd_per_hour), times(plan.usd_per_hour, cheapest_usd),
                          format_rate(plan.usd_per_million), format_rate(plan.capacity_per_s),
                          utilisation_cell(plan), latency_cell(plan.latency),
                          notes_cell(plan, common)});
  }
  std::string text = table_text(table, width);
  if (plans.size() > kMaxPlans) {
    text += fmt::format("... and {} more; --json has all\n", plans.size() - kMaxPlans);
  }
  return text + wrapped(legend_of_latency(shown) + legend_of_notes(shown, common), width);
}

size_t longest_line(const std::string& text) {
  size_t longest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, columns_of(line));
  return longest;
}

std::string rejected_table(const std::vector<Rejected>& rejected, size_t width) {
  if (rejected.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  std::string sentences;
  for (size_t i = 0; i < std::min(rejected.size(), kMaxRejected); ++i) {
    rows.push_back({"  " + printable(rejected[i].what.instance), printable(rejected[i].label),
                    printable(rejected[i].reason)});
    sentences += fmt::format("{}, {}: {}\n", rows[i][0], rows[i][1], rows[i][2]);
  }
  const std::string table = left_aligned(rows);
  std::string text =
      "\nNot possible:\n" + (longest_line(table) <= width ? table : wrapped(sentences, width));
  if (rejected.size() > kMaxRejected) {
    text += fmt::format("  ... and {} more; --json has all\n", rejected.size() - kMaxRejected);
  }
  return text;
}

// The answer in one sentence, the next cheapest machine type in another.
std::string answer(const Question& question, const std::vector<Plan>& plans) {
  const Plan& best = plans.front();
  std::string text =
      fmt::format("{}: {}, ${} per hour.\n", asked(question, within(question.demand, best)),
                  machines_and_engine(best), format_usd(best.usd_per_hour));
  for (const Plan& plan : plans) {
    if (plan.candidate->what.instance == best.candidate->what.instance) continue;
    text += fmt::format("The cheapest on another machine type is {}, ${} per hour",
                        machines_and_engine(plan), format_usd(plan.usd_per_hour));
    const double ratio = plan.usd_per_hour / best.usd_per_hour;
    if (best.usd_per_hour > 0) {
      text += ratio < 1.005 ? ", the same price" : fmt::format(", {:.2f} times as much", ratio);
    }
    return text + ".\n";
  }
  return text;
}

std::string sentences(const std::vector<Note>& notes) {
  std::string text;
  for (const Note& note : notes) text += note.text + "\n";
  return text;
}

std::string warnings(const Question& question) {
  std::string text;
  for (const std::string& warning : question.warnings) text += printable(warning) + "\n";
  return text;
}

// Three digits, rounded to where the target can still be met.
double rounded(double value, double (*round)(double)) {
  const double unit = std::pow(10, std::floor(std::log10(value)) - 2);
  return round(value / unit) * unit;
}

std::string shown(const Target& target) {
  std::string text =
      fmt::format("{:.6g}/s", rounded(target.throughput_per_s * (1 + 1e-9), std::floor));
  if (target.latency_p99_s) {
    text += fmt::format(" within {:.6g} s", rounded(*target.latency_p99_s * (1 - 1e-9), std::ceil));
  }
  return text;
}

std::string no_plan(const Question& question, const Advice& advice) {
  std::string text = fmt::format("{}: no plan.\n", asked(question, within(question.demand)));
  std::vector<std::string> possible;
  for (const Target& target : advice.nearest) possible.push_back(shown(target));
  if (!possible.empty()) {
    text += fmt::format("Nearest possible: {}.\n", fmt::join(possible, ", or "));
  }
  return text;
}

// Neighbouring steps that differ in the number of machines alone.
struct Run {
  const Step* first;
  const Step* last;

  const Deployed& what() const { return first->plan.candidate->what; }
};

std::vector<Run> runs(const std::vector<Step>& steps) {
  std::vector<Run> runs;
  for (const Step& step : steps) {
    if (!runs.empty() && runs.back().first->plan.candidate == step.plan.candidate) {
      runs.back().last = &step;
    } else {
      runs.push_back({&step, &step});
    }
  }
  return runs;
}

Cells run_row(const Run& run, const std::set<std::string>& unless) {
  const Plan& first = run.first->plan;
  const Plan& last = run.last->plan;
  std::string plan = machines(last), usd = format_usd(last.usd_per_hour);
  if (run.first != run.last) {
    plan = fmt::format("{} to {}", first.count, plan);
    usd = fmt::format("{} to {}", format_usd(first.usd_per_hour), usd);
  }
  return {fmt::format("{:.4g}", run.first->above_per_s),
          fmt::format("{:.4g}", run.last->up_to_per_s),
          plan,
          printable(run.first->plan.candidate->label),
          usd,
          format_rate(last.usd_per_million),
          latency_cell(last.latency),
          notes_cell(last, unless)};
}

// The request rate from which the machine type stays the same.
std::string last_change(const std::vector<Run>& runs) {
  size_t last = runs.size() - 1;
  while (last > 0 && runs[last - 1].what().instance == runs[last].what().instance) --last;
  if (last == 0) return "";
  return fmt::format("Above {:.4g}/s the machine type is {}.\n", runs[last].first->above_per_s,
                     printable(runs[last].what().instance));
}

}  // namespace

std::string format_usd(double usd) {
  std::string text = fmt::format("{:.4f}", usd);
  if (text.back() == '0') text.pop_back();
  return text;
}

std::string advice_text(const Question& question, const Advice& advice, size_t width) {
  if (advice.plans.empty()) {
    return wrapped(no_plan(question, advice) + warnings(question), width) +
           rejected_table(advice.rejected, width);
  }
  const std::string first =
      answer(question, advice.plans) + sentences(notes(advice.plans.front())) + warnings(question);
  const std::string prices = fmt::format("Prices: {}.\n", printable(question.catalogue));
  return wrapped(first, width) + "\n" + plans_table(advice.plans, width) + wrapped(prices, width) +
         rejected_table(advice.rejected, width);
}

std::string sweep_text(const Question& question, const std::vector<Step>& steps, size_t width) {
  const std::vector<Run> all = runs(steps);
  const std::string title = fmt::format("The cheapest plan at each request rate, up to {}:\n\n",
                                        asked(question, within(question.demand)));
  Table table{kSweepColumns, {}};
  std::vector<const Plan*> shown;
  for (size_t i = 0; i < std::min(all.size(), kMaxRuns); ++i) shown.push_back(&all[i].last->plan);
  std::set<std::string> common = common_labels(shown);
  common.erase("busy");
  std::set<std::string> unless = common;
  unless.insert("busy");  // as all are at the end of a step
  for (size_t i = 0; i < shown.size(); ++i) table.rows.push_back(run_row(all[i], unless));
  std::string text = wrapped(title, width) + table_text(table, width);
  if (all.size() > kMaxRuns) {
    text += fmt::format("... and {} more; --json has all\n", all.size() - kMaxRuns);
  }
  text += "\n" + last_change(all);
  const double end_per_s = steps.back().up_to_per_s;
  if (end_per_s < question.demand.throughput_per_s * (1 - 1e-9)) {
    text += fmt::format("Above {:.4g}/s there is no plan.\n", end_per_s);
  }
  return text + wrapped(warnings(question) + legend_of_latency(shown) +
                            legend_of_notes(shown, unless) + common_notes(*shown.front(), common) +
                            fmt::format("Prices: {}.\n", printable(question.catalogue)),
                        width);
}

}  // namespace dnnbench
