#include "cli/command_line.h"

#include <fmt/format.h>

#include <algorithm>

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

}  // namespace

void add_repeatable(CLI::App& app, const std::string& flag, std::vector<std::string>& values) {
  app.add_option(flag, values)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

void parse_arguments(CLI::App& app, const std::string& subcommand,
                     const std::vector<std::string>& arguments) {
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
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
