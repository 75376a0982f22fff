// dnnbench SUBCOMMAND ...: finds the subcommand and prints what it throws.
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <new>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/help_text.h"
#include "cli/layout.h"
#include "cli/suggest.h"
#include "core/commands.h"
#include "core/error.h"
#include "core/printable.h"
#include "machine/memory.h"

namespace {

using dnnbench::UsageError;
using Command = int (*)(const std::vector<std::string>&);

const std::map<std::string, Command>& commands() {
  static const std::map<std::string, Command> kCommands{
      {"run", dnnbench::run_command},           {"inspect", dnnbench::inspect_command},
      {"engines", dnnbench::engines_command},   {"compare", dnnbench::compare_command},
      {"advise", dnnbench::advise_command},     {"catalogue", dnnbench::catalogue_command},
      {"selftest", dnnbench::selftest_command}, {"fleet", dnnbench::fleet_command},
  };
  return kCommands;
}

// Where memory ends in a destructor, a library's included, nothing can catch it.
[[noreturn]] void end_without_memory() {
  try {
    if (const std::exception_ptr thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    constexpr char kText[] = "dnnbench: no memory is left; free some, and run again\n";
    if (write(STDERR_FILENO, kText, sizeof kText - 1) >= 0) _exit(dnnbench::kExitUsage);
  } catch (...) {
  }
  std::abort();
}

bool asks_for_help(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--help" || argument == "-h") return true;
  }
  return false;
}

UsageError unknown_subcommand(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [known, command] : commands()) names.push_back(known);
  const auto guess = dnnbench::nearest(name, names);
  return UsageError(fmt::format("there is no subcommand {}; {}", name,
                                guess ? fmt::format("did you mean {}?", *guess) : "see --help"));
}

int show_help(const std::string& subcommand) {
  const bool known = subcommand == "dnnbench" || subcommand == "plot" ||
                     commands().find(subcommand) != commands().end();
  if (!known) throw unknown_subcommand(subcommand);
  fmt::print("{}", dnnbench::help_text(subcommand));
  return dnnbench::kExitOk;
}

int dispatch(const std::vector<std::string>& words) {
  if (words.empty())
    throw UsageError("no subcommand given; see " + dnnbench::dnnbench_name() + " --help");
  if (words[0] == "--help" || words[0] == "-h") return show_help("dnnbench");
  if (words[0] == "--version") {
    fmt::print("dnnbench {}\n", DNNBENCH_VERSION);
    return dnnbench::kExitOk;
  }
  if (words[0] == "help") return show_help(words.size() > 1 ? words[1] : "dnnbench");
  if (words[0] == "plot") {
    throw UsageError("dnnbench plot: ./dnnbench in the repository draws; this program alone can't");
  }
  const auto command = commands().find(words[0]);
  if (command == commands().end()) throw unknown_subcommand(words[0]);
  const std::vector<std::string> arguments(words.begin() + 1, words.end());
  if (asks_for_help(arguments)) return show_help(command->first);
  return command->second(arguments);
}

// Whether all that was printed is written. Long output is tried before its end is reached, and
// throws there.
bool all_is_written() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

constexpr const char* kNotWritten = "not all output could be written to stdout";

}  // namespace

int main(int argc, char** argv) {
  std::set_terminate(end_without_memory);
  signal(SIGXFSZ, SIG_IGN);  // a file too large for its limit is an error of write, as a full disk
  signal(SIGCHLD, SIG_DFL);  // ignored, as some parents leave it, it hides how an engine ended
  try {
    const int code = dispatch({argv + 1, argv + argc});
    if (!all_is_written()) throw dnnbench::Error(kNotWritten);
    return code;
  } catch (const UsageError& error) {
    dnnbench::say(error.what());
    return dnnbench::kExitUsage;
  } catch (const dnnbench::Error& error) {
    dnnbench::say(std::string("dnnbench: ") + error.what());
    return dnnbench::kExitUsage;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "dnnbench: there is not enough memory for this; {} MB are free\n",
               dnnbench::free_memory_bytes() / 1'000'000);
    return dnnbench::kExitUsage;
  } catch (const std::exception& error) {
    const bool written = all_is_written();
    fmt::print(stderr, "dnnbench: {}\n", written ? dnnbench::printable(error.what()) : kNotWritten);
    return written ? dnnbench::kExitNotAllOk : dnnbench::kExitUsage;
  }
}
