// The help texts in src/cli/help/, one per subcommand, and src/cli/values.txt, embedded at build
// time. setup/usage.sh reads the same files to check a command line before anything is installed.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace dnnbench {

// The text for a person: lines that begin with '#' (flags not shown) left out. Subcommand
// "dnnbench" is the top level.
std::string help_text(const std::string& subcommand);

// Every flag that a help text names, those not shown included: "--openvino", "--shape", ...
std::vector<std::string> flags_in_help(const std::string& subcommand);

// What each of them takes: {"--repeat", "COUNT"}, {"--device", "cpu|gpu|arm"}; "" for a switch,
// {"--openvino", "[=VERSIONS]"} for one whose value may be left out.
std::map<std::string, std::string> value_kinds(const std::string& subcommand);

// What is wrong with a value of such a kind: "must be a whole number from 1". Empty if nothing is.
std::string complaint_about(const std::string& value, const std::string& kind);

// The value as a program reads it: "1e3" as 1000 where the kind counts, "5%" as 0.05 where it is a
// FRACTION, one of the words A|B as it is spelled there, whatever its case. Others are unchanged.
std::string canonical_value(const std::string& value, const std::string& kind);

// The names of the models that can be generated.
std::vector<std::string> generated_models();

}  // namespace dnnbench
