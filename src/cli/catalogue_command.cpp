#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "advise/catalogue.h"
#include "cli/advice_text.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/layout.h"
#include "cli/terminal.h"
#include "core/error.h"
#include "core/printable.h"
#include "results/or_null.h"

namespace dnnbench {
namespace {

using nlohmann::ordered_json;

struct Filter {
  std::string match;
  std::string arch;
  std::string isa;
  bool gpu = false;
  std::optional<double> max_usd;
};

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

bool has_word(const std::string& text, const std::string& wanted) {
  const std::vector<std::string> words = words_of(text);
  return std::find(words.begin(), words.end(), wanted) != words.end();
}

// Throws UsageError for an extension that no machine of the catalogue has.
void check_isa(const std::string& isa, const Catalogue& catalogue) {
  std::set<std::string> known;
  for (const InstanceType& type : catalogue.instances) {
    for (const std::string& word : words_of(type.isa)) known.insert(word);
  }
  if (isa.empty() || known.count(isa) > 0) return;
  throw UsageError(fmt::format("dnnbench catalogue: no machine has --isa={}; the catalogue has: {}",
                               isa, fmt::join(known, ", ")));
}

bool passes(const InstanceType& type, const Filter& filter) {
  if (type.name.find(filter.match) == std::string::npos) return false;
  if (!filter.arch.empty() && type.arch != filter.arch) return false;
  if (!filter.isa.empty() && !has_word(type.isa, filter.isa)) return false;
  if (filter.gpu && type.gpus.value_or(0) == 0) return false;
  return !filter.max_usd || (type.usd_per_hour && *type.usd_per_hour <= *filter.max_usd);
}

std::string number(const std::optional<double>& value) {
  return value ? fmt::format("{:g}", *value) : "?";
}

// "1x t4", "0.125x l4", "1x inferentia2".
std::string accelerators(const InstanceType& type) {
  std::string text = type.gpus.value_or(0) > 0 ? fmt::format("{:g}x {}", *type.gpus, type.gpu) : "";
  if (!type.accelerator.empty()) text += (text.empty() ? "" : ", ") + type.accelerator;
  return text;
}

// Who asks for GPUs wants to know which.
std::string table(const std::vector<InstanceType>& types, bool gpus_asked_for, size_t width) {
  Table table{{{"instance", "", Align::kLeft},
               {"$/h", ""},
               {"vCPU", ""},
               {"cores", "", Align::kRight, 4},
               {"GiB", "", Align::kRight, 5},
               {"arch", "", Align::kLeft, 6},
               {"CPU", "", Align::kLeft, gpus_asked_for ? 2 : 3},
               {"GPU", "", Align::kLeft, gpus_asked_for ? 3 : 2},
               {"ISA", "", Align::kLeft, 1}},
              {}};
  for (const InstanceType& type : types) {
    table.rows.push_back({type.name, type.usd_per_hour ? format_usd(*type.usd_per_hour) : "?",
                          number(type.vcpu), number(type.cores), number(type.memory_gib), type.arch,
                          type.cpu, accelerators(type), type.isa.empty() ? "?" : type.isa});
    for (Cell& cell : table.rows.back()) cell.text = printable(cell.text);
  }
  return table_text(table, width);
}

ordered_json to_json(const InstanceType& type) {
  return {{"instance", type.name},
          {"usd_per_hour", or_null(type.usd_per_hour)},
          {"arch", type.arch},
          {"vcpu", or_null(type.vcpu)},
          {"cores", or_null(type.cores)},
          {"memory_gib", or_null(type.memory_gib)},
          {"cpu", type.cpu},
          {"isa", type.isa},
          {"gpu", type.gpu},
          {"gpus", or_null(type.gpus)},
          {"gpu_memory_mib", or_null(type.gpu_memory_mib)},
          {"accelerator", type.accelerator},
          {"price_date", type.price_date},
          {"region", type.region},
          {"price_source", type.price_source},
          {"spec_source", type.spec_source},
          {"note", type.note}};
}

// Cheapest first; those without a price last.
std::vector<InstanceType> chosen(const Catalogue& catalogue, const Filter& filter) {
  std::vector<InstanceType> types;
  for (const InstanceType& type : catalogue.instances) {
    if (passes(type, filter)) types.push_back(type);
  }
  std::stable_sort(types.begin(), types.end(), [](const InstanceType& a, const InstanceType& b) {
    if (a.usd_per_hour.has_value() != b.usd_per_hour.has_value()) return a.usd_per_hour.has_value();
    return a.usd_per_hour < b.usd_per_hour;
  });
  return types;
}

void print_json(const std::vector<InstanceType>& types) {
  ordered_json list = ordered_json::array();
  for (const InstanceType& type : types) list.push_back(to_json(type));
  fmt::print("{}\n", list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

int catalogue_command(const std::vector<std::string>& arguments) {
  Filter filter;
  std::string file;
  bool json = false;
  bool wide = false;
  CLI::App app;
  app.add_option("--match", filter.match);
  app.add_option("--arch", filter.arch);
  app.add_option("--isa", filter.isa);
  app.add_flag("--gpu", filter.gpu)->disable_flag_override();
  app.add_option("--max-usd", filter.max_usd);
  app.add_option("--catalogue", file);
  app.add_flag("--wide", wide)->disable_flag_override();
  app.add_flag("--json", json)->disable_flag_override();
  parse_arguments(app, "catalogue", arguments);
  const Catalogue catalogue = file.empty() ? built_in_catalogue() : read_catalogue(file);
  for (const std::string& complaint : catalogue.complaints) {
    say("dnnbench: " + complaint);
  }
  check_isa(filter.isa, catalogue);
  const std::vector<InstanceType> types = chosen(catalogue, filter);
  if (json) {
    print_json(types);
  } else {
    fmt::print("{}", table(types, filter.gpu, wide ? kUnlimitedWidth : width_of(STDOUT_FILENO)));
    say(fmt::format("{} of {} types in {}", types.size(), catalogue.instances.size(),
                    catalogue.source));
  }
  return kExitOk;
}

}  // namespace dnnbench
