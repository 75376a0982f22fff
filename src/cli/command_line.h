// What all subcommands share in reading argv: one sentence for whatever is wrong, with the nearest
// right flag for an unknown one.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace dnnbench {

// An option that may be given several times, one value each time.
void add_repeatable(CLI::App& app, const std::string& flag, std::vector<std::string>& values);

// Parses, both `--flag=value` and `--flag value`. Throws UsageError.
void parse_arguments(CLI::App& app, const std::string& subcommand,
                     const std::vector<std::string>& arguments);

}  // namespace dnnbench
