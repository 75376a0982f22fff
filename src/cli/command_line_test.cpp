#include "cli/command_line.h"

#include <gtest/gtest.h>

#include "cli/commands.h"
#include "cli/parse_run_options.h"
#include "core/error.h"

namespace dnnbench {
namespace {

using Arguments = std::vector<std::string>;

template <typename Command>
std::string refusal(const Command& command, const Arguments& arguments) {
  try {
    command(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(CommandLine, TakesOnlyTheChoicesOfTheHelpText) {
  const auto run = [](const Arguments& arguments) { parse_run_options(arguments); };
  for (const char* flag : {"--device", "--precision", "--io", "--mode", "--order", "--export"}) {
    const std::string why = refusal(run, {flag + std::string("=tpu")});
    EXPECT_NE(why.find(" must be one of "), std::string::npos) << flag << ": " << why;
  }
  EXPECT_EQ(refusal(compare_command, {"--export=tpu"}),
            "dnnbench compare: --export must be one of csv, markdown, github-action-benchmark, not "
            "'tpu'");
  EXPECT_EQ(refusal(advise_command, {"--arch=tpu"}),
            "dnnbench advise: --arch must be one of x86_64, arm64, not 'tpu'");
  EXPECT_EQ(refusal(catalogue_command, {"--arch=tpu"}),
            "dnnbench catalogue: --arch must be one of x86_64, arm64, not 'tpu'");
}

TEST(CommandLine, AValueMayStandAlone) {
  EXPECT_EQ(with_joined_values("run", {"a.onnx", "--threads", "2", "--quiet", "--seed=1",
                                       "--onnxruntime", "b.onnx", "--metric", "--odd", "--batch"}),
            (Arguments{"a.onnx", "--threads=2", "--quiet", "--seed=1", "--onnxruntime", "b.onnx",
                       "--metric=--odd", "--batch"}));
  const RunOptions options = parse_run_options({"--threads", "2", "/dev/null", "--seed", "1e1"});
  EXPECT_EQ(options.comparisons.at(0).at(0).threads, 2);
  EXPECT_EQ(options.seed, 10U);
  const auto run = [](const Arguments& arguments) { parse_run_options(arguments); };
  EXPECT_EQ(refusal(run, {"/dev/null", "--threads"}),
            "dnnbench run: --threads needs a value: --threads=COUNTS");
  EXPECT_EQ(refusal(run, {"--threads", "--quiet", "/dev/null"}),
            "dnnbench run: --threads needs a value: --threads=COUNTS");
}

}  // namespace
}  // namespace dnnbench
