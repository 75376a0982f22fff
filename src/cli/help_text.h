// The help texts in src/cli/help/, one a subcommand, embedded at build time. The shell front door
// reads the same files to check a command line before anything is installed.
#pragma once

#include <string>
#include <vector>

namespace dnnbench {

// The text for a person: lines that begin with '#' (flags not shown) left out. Subcommand
// "dnnbench" is the top level.
std::string help_text(const std::string& subcommand);

// Every flag that a help text names, those not shown included: "--openvino", "--shape", ...
std::vector<std::string> flags_in_help(const std::string& subcommand);

// The names of the models that can be generated.
std::vector<std::string> generated_models();

}  // namespace dnnbench
