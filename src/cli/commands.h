// The subcommands: each takes its arguments (without the program's and its own name) and returns
// the exit code. They throw Error and UsageError, which main prints.
#pragma once

#include <string>
#include <vector>

namespace dnnbench {

// Exit codes of all subcommands.
inline constexpr int kExitOk = 0;
inline constexpr int kExitNotAllOk = 1;  // some engine's outcome is not ok
inline constexpr int kExitUsage = 2;     // an Error: something that a person must fix first
inline constexpr int kExitSlower = 3;    // --fail-above: something is slower than that
inline constexpr int kExitNoPlan = 4;    // no deployment meets what was asked
inline constexpr int kExitCantTell = 5;  // run: suspect in every measurement; --fail-above: unknown
inline constexpr int kExitSignal = 128;  // run: + the signal that interrupted it, as shells do

int run_command(const std::vector<std::string>& arguments);
int selftest_command(const std::vector<std::string>& arguments);
int inspect_command(const std::vector<std::string>& arguments);
int engines_command(const std::vector<std::string>& arguments);
int compare_command(const std::vector<std::string>& arguments);
int advise_command(const std::vector<std::string>& arguments);
int fleet_command(const std::vector<std::string>& arguments);
int catalogue_command(const std::vector<std::string>& arguments);

}  // namespace dnnbench
