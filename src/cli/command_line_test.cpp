#include "cli/command_line.h"

#include <gtest/gtest.h>

#include "cli/commands.h"
#include "cli/parse_run_options.h"
#include "core/error.h"

namespace dnnbench {
namespace {

using Arguments = std::vector<std::string>;

template <typename Command>
std::string refusal_of(const Command& command, const std::string& flag) {
  try {
    command(Arguments{flag + "=tpu"});
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(CommandLine, TakesOnlyTheChoicesOfTheHelpText) {
  const auto run = [](const Arguments& arguments) { parse_run_options(arguments); };
  for (const char* flag : {"--device", "--precision", "--io", "--mode", "--order", "--export"}) {
    const std::string refusal = refusal_of(run, flag);
    EXPECT_NE(refusal.find(" must be one of "), std::string::npos) << flag << ": " << refusal;
  }
  EXPECT_EQ(refusal_of(compare_command, "--export"),
            "dnnbench compare: --export must be one of csv, markdown, github-action-benchmark, not "
            "'tpu'");
  EXPECT_EQ(refusal_of(advise_command, "--arch"),
            "dnnbench advise: --arch must be one of x86_64, arm64, not 'tpu'");
  EXPECT_EQ(refusal_of(catalogue_command, "--arch"),
            "dnnbench catalogue: --arch must be one of x86_64, arm64, not 'tpu'");
}

}  // namespace
}  // namespace dnnbench
