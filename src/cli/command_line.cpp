#include "cli/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "cli/help_text.h"
#include "cli/suggest.h"
#include "core/error.h"

namespace dnnbench {
namespace {

std::string unknown_flag(const std::string& argument, const std::string& subcommand) {
  const std::string flag = argument.substr(0, argument.find('='));
  if (flag.rfind("-", 0) != 0) return fmt::format("unexpected argument {}", argument);
  std::vector<std::string> flags = flags_in_help(subcommand);
  const auto guess = nearest(flag, flags);
  return fmt::format("unknown flag {}{}", flag,
                     guess ? fmt::format("; did you mean {}?", *guess) : "; see --help");
}

bool may_be_left_out(const std::string& kind) { return kind.starts_with("[="); }

// Every value is of the kind that the help text names, and becomes one that a program reads. What a
// kind can't say, such as an upper limit, the subcommand checks.
void read_values(const std::string& subcommand, std::vector<std::string>& arguments) {
  const std::map<std::string, std::string> kinds = value_kinds(subcommand);
  for (std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    const auto flag = kinds.find(argument.substr(0, equals));
    if (flag == kinds.end() || flag->second.empty()) continue;
    std::string kind = flag->second;
    if (may_be_left_out(kind)) {
      if (equals == std::string::npos) continue;
      kind = kind.substr(2, kind.size() - 3);
    }
    const std::string value = equals == std::string::npos ? "" : argument.substr(equals + 1);
    if (value.empty() || value.starts_with("--")) {
      throw UsageError(fmt::format("dnnbench {}: {} needs a value: {}={}", subcommand, flag->first,
                                   flag->first, kind));
    }
    const std::string complaint = complaint_about(value, kind);
    if (!complaint.empty()) {
      throw UsageError(
          fmt::format("dnnbench {}: {} {}, not '{}'", subcommand, flag->first, complaint, value));
    }
    argument.replace(equals + 1, std::string::npos, canonical_value(value, kind));
  }
}

}  // namespace

std::vector<std::string> with_joined_values(const std::string& subcommand,
                                            const std::vector<std::string>& arguments) {
  const std::map<std::string, std::string> kinds = value_kinds(subcommand);
  std::vector<std::string> joined;
  for (size_t i = 0; i < arguments.size(); ++i) {
    joined.push_back(arguments[i]);
    const auto flag = kinds.find(arguments[i]);  // not one with "="
    const bool takes_next = flag != kinds.end() && !flag->second.empty() &&
                            !may_be_left_out(flag->second) && i + 1 < arguments.size();
    if (takes_next) joined.back() += "=" + arguments[++i];
  }
  return joined;
}

void add_repeatable(CLI::App& app, const std::string& flag, std::vector<std::string>& values) {
  app.add_option(flag, values)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

Percentage parse_percentage(const std::string& subcommand, const std::string& flag,
                            const std::string& text) {
  const double percent = std::strtod(text.c_str(), nullptr);
  if (percent > 1000) {
    throw UsageError(fmt::format("dnnbench {}: {} must be a percentage such as 5%, not '{}'",
                                 subcommand, flag, text));
  }
  return {text, percent / 100};
}

void parse_arguments(CLI::App& app, const std::string& subcommand,
                     const std::vector<std::string>& arguments) {
  std::vector<std::string> values = with_joined_values(subcommand, arguments);
  read_values(subcommand, values);
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::string> reversed(values.rbegin(), values.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    throw UsageError(fmt::format("dnnbench {}: {}", subcommand, error.what()));
  }
  for (const std::string& argument : app.remaining()) {
    throw UsageError(
        fmt::format("dnnbench {}: {}", subcommand, unknown_flag(argument, subcommand)));
  }
}

}  // namespace dnnbench
