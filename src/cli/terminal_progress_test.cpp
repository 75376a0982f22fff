// Without a terminal. What a terminal gets is tested on one: tests/terminal_test.py.
#include "cli/terminal_progress.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

TEST(TerminalProgress, WritesNotesAloneWhereThereIsNoTerminal) {
  ::testing::internal::CaptureStderr();
  {
    TerminalProgress progress;
    progress.step("openvino", "loading", 3.0);
    progress.note("Input \"x\": 1x3x8x8 (N set to 1)");
    progress.step("openvino", "measuring", std::nullopt);
    Result result;
    result.outcome = {OutcomeKind::kCrashed, "ended by SIGSEGV"};
    progress.finished(result);
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "Input \"x\": 1x3x8x8 (N set to 1)\n");
}

TEST(TerminalProgress, ANoteIsOneLineWhateverAModelCallsItsInputs) {
  ::testing::internal::CaptureStderr();
  TerminalProgress().note("input a\n\x1b[2Jb");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "input a  [2Jb\n");
}

}  // namespace
}  // namespace dnnbench
