// What all subcommands share in reading argv: one sentence for whatever is wrong, with the nearest
// right flag for an unknown one.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "run/options.h"

namespace dnnbench {

// An option that may be given several times, one value each time.
void add_repeatable(CLI::App& app, const std::string& flag, std::vector<std::string>& values);

// Of a PERCENT (cli/values.txt): "5%" -> {"5%", 0.05}. Throws UsageError above 1000%.
Percentage parse_percentage(const std::string& subcommand, const std::string& flag,
                            const std::string& text);

// With each value that stands alone after its flag joined to it: {"--threads", "2"} becomes
// {"--threads=2"}. Which flags take one, the subcommand's help text says.
std::vector<std::string> with_joined_values(const std::string& subcommand,
                                            const std::vector<std::string>& arguments);

// Parses, both `--flag=value` and `--flag value`. What the help text says of a flag, its choices
// and its kind of value, is checked here, so that an option repeats neither. Throws UsageError.
void parse_arguments(CLI::App& app, const std::string& subcommand,
                     const std::vector<std::string>& arguments);

}  // namespace dnnbench
