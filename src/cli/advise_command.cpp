#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <set>

#include "advise/advice_json.h"
#include "advise/candidates.h"
#include "advise/catalogue.h"
#include "advise/plans.h"
#include "advise/sweep.h"
#include "cli/advice_text.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/layout.h"
#include "cli/suggest.h"
#include "cli/terminal.h"
#include "core/error.h"
#include "results/stored_result.h"

namespace dnnbench {
namespace {

constexpr size_t kMaxComplaints = 10;

struct AdviseOptions {
  std::string results;
  std::string model;
  Demand demand;
  std::string arch;
  std::string catalogue;
  bool sweep = false;
  std::optional<double> price_usd;  // per hour, of the one machine that the prices lack
  bool json = false;
  bool wide = false;
};

AdviseOptions parse_advise(const std::vector<std::string>& arguments) {
  AdviseOptions options;
  double latency_s = 0;
  bool single = false;
  CLI::App app;
  app.add_option("results", options.results);
  app.add_option("--model", options.model);
  app.add_option("--throughput", options.demand.throughput_per_s);
  app.add_option("--latency-p99", latency_s);
  app.add_option("--headroom", options.demand.headroom);
  app.add_option("--max-instances", options.demand.max_instances)
      ->check(CLI::Range(int64_t{1}, kMaxMachines));
  app.add_flag("--single-instance", single)->disable_flag_override();
  app.add_option("--arch", options.arch);
  app.add_option("--catalogue", options.catalogue);
  app.add_option("--price", options.price_usd);
  app.add_flag("--wide", options.wide)->disable_flag_override();
  app.add_flag("--sweep", options.sweep)->disable_flag_override();
  app.add_flag("--json", options.json)->disable_flag_override();
  parse_arguments(app, "advise", arguments);
  const auto is_positive = [](double value) { return value > 0 && std::isfinite(value); };
  if (options.results.empty()) throw UsageError("dnnbench advise: give one folder of results");
  if (app.count("--throughput") == 0) {
    throw UsageError(
        "dnnbench advise: which request rate? --throughput=50 is 50 inferences per second");
  }
  if (!is_positive(options.demand.throughput_per_s)) {
    throw UsageError("dnnbench advise: --throughput must be a number above 0");
  }
  if (app.count("--latency-p99") > 0) {
    if (!is_positive(latency_s)) {
      throw UsageError("dnnbench advise: --latency-p99 must be a number of seconds above 0");
    }
    options.demand.latency_p99_s = latency_s;
  }
  if (!(options.demand.headroom >= 0 && options.demand.headroom < 1)) {
    throw UsageError("dnnbench advise: --headroom must be a number from 0 to below 1");
  }
  if (options.price_usd &&
      !(*options.price_usd >= 0 && *options.price_usd <= kMaxCatalogueNumber)) {
    throw UsageError("dnnbench advise: --price must be a number of dollars from 0 to 1e9");
  }
  if (single) options.demand.max_instances = 1;
  return options;
}

// To stderr, the first few.
void complain(const std::vector<std::string>& sentences) {
  for (size_t i = 0; i < std::min(sentences.size(), kMaxComplaints); ++i) {
    say("dnnbench: " + sentences[i]);
  }
  if (sentences.size() > kMaxComplaints) {
    fmt::print(stderr, "dnnbench: ... and {} more of this kind\n",
               sentences.size() - kMaxComplaints);
  }
}

void check_model(const std::string& model, const ResultsFolder& found, const std::string& folder) {
  std::set<std::string> models;
  for (const StoredResult& result : found.results) models.insert(canonical_model(result.model));
  if (models.empty()) throw UsageError(fmt::format("there are no results below {}", folder));
  if (models.count(canonical_model(model)) > 0) return;
  const auto guess = nearest(model, {models.begin(), models.end()});
  const std::string known = fmt::format("{} has results of {}", folder, fmt::join(models, ", "));
  if (model.empty()) throw UsageError("dnnbench advise: which model? --model=NAME; " + known);
  throw UsageError(fmt::format("dnnbench advise: there are no results of {}{}; {}", model,
                               guess ? fmt::format(" (did you mean {}?)", *guess) : "", known));
}

// "the built-in catalogue, us-east-1, 2026-07-20": as far as all its prices agree.
std::string origin_of_prices(const Catalogue& catalogue) {
  std::set<std::string> regions, dates;
  for (const InstanceType& type : catalogue.instances) {
    regions.insert(type.region);
    dates.insert(type.price_date);
  }
  std::string text = catalogue.source;
  for (const std::set<std::string>& values : {regions, dates}) {
    if (values.size() == 1 && !values.begin()->empty()) text += ", " + *values.begin();
  }
  return text;
}

// Gives the price to the machine that the catalogue doesn't know; where it knows all, to the only
// one. Throws UsageError where that is not one machine.
void set_price(double usd_per_hour, const std::string& model,
               const std::vector<StoredResult>& results, Catalogue& catalogue) {
  std::set<std::string> all, unknown;
  for (const StoredResult& result : results) {
    if (canonical_model(result.model) != canonical_model(model)) continue;
    all.insert(result.instance);
    const InstanceType* const type = catalogue.find(result.instance);
    if (type == nullptr || !type->usd_per_hour) unknown.insert(result.instance);
  }
  const std::set<std::string>& machines = unknown.empty() ? all : unknown;
  if (machines.size() != 1) {
    throw UsageError(
        fmt::format("dnnbench advise: --price is the price of one machine, and these results are "
                    "of {}; --catalogue=FILE prices several",
                    fmt::join(machines, ", ")));
  }
  const std::string name = *machines.begin();
  std::erase_if(catalogue.instances, [&](const InstanceType& type) { return type.name == name; });
  InstanceType priced;
  priced.name = name;
  priced.usd_per_hour = usd_per_hour;
  catalogue.instances.push_back(priced);
  catalogue.left_out.erase(name);
}

template <typename Answer>
void print(const Question& question, const Answer& answer, const AdviseOptions& options,
           std::string (*text)(const Question&, const Answer&, size_t)) {
  if (options.json) {
    fmt::print(
        "{}\n",
        to_json(question, answer).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    const size_t width = options.wide ? kUnlimitedWidth : width_of(STDOUT_FILENO);
    fmt::print("{}", text(question, answer, width));
  }
}

}  // namespace

int advise_command(const std::vector<std::string>& arguments) {
  const AdviseOptions options = parse_advise(arguments);
  Catalogue catalogue =
      options.catalogue.empty() ? built_in_catalogue() : read_catalogue(options.catalogue);
  complain(catalogue.complaints);
  const ResultsFolder found = read_results(options.results);
  complain(found.skipped);
  check_model(options.model, found, options.results);
  std::string origin = origin_of_prices(catalogue);
  if (options.price_usd) {
    set_price(*options.price_usd, options.model, found.results, catalogue);
    origin = fmt::format("--price={:g} for {}, else {}", *options.price_usd,
                         catalogue.instances.back().name, origin);
  }
  const Selection selection =
      select_candidates(found.results, options.model, catalogue, options.arch);
  const Question question{canonical_model(options.model), options.demand, origin,
                          selection.warnings, found.skipped};
  if (options.sweep) {
    const std::vector<Step> steps = sweep(selection, options.demand);
    if (!steps.empty()) {
      print(question, steps, options, sweep_text);
      return kExitOk;
    }
  }
  const Advice advice = find_plans(selection, options.demand);
  print(question, advice, options, advice_text);
  return advice.plans.empty() ? kExitNoPlan : kExitOk;
}

}  // namespace dnnbench
