#include "cli/progress_line.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

RunState measuring() {
  RunState state;
  state.advance = {0.25, true, "openvino 1.08x ahead of onnxruntime, 7 blocks"};
  state.measuring_s = 10;
  return state;
}

TEST(ProgressLine, HasABarTheTimeLeftAndTheStanding) {
  EXPECT_EQ(progress_line(measuring(), 120, false),
            "[######------------------] at most 30 s left, openvino 1.08x ahead of onnxruntime, 7 "
            "blocks");
  EXPECT_EQ(progress_line(measuring(), 80, false),
            "[##--------] at most 30 s left, openvino 1.08x ahead of onnxruntime, 7 blocks");
}

TEST(ProgressLine, IsShorterThanTheTerminal) {
  for (const size_t columns : {1U, 20U, 49U, 50U, 60U, 99U, 100U, 140U}) {
    EXPECT_LT(progress_line(measuring(), columns, false).size(), columns + (columns == 1 ? 1 : 0));
  }
}

TEST(ProgressLine, TheTimeIsExactWhereTheRunDoesNotEndEarly) {
  RunState state = measuring();
  state.advance->may_end_early = false;
  state.measuring_s = 200;
  EXPECT_EQ(progress_words(state), "10 min left, openvino 1.08x ahead of onnxruntime, 7 blocks");
}

TEST(ProgressLine, ARestartWhileMeasuringIsMentionedOnlyIfItTakesLong) {
  RunState state = measuring();
  state.step = "openvino: loading";
  state.step_s = 1;
  EXPECT_EQ(progress_words(state), progress_words(measuring()));
  state.step_s = 12;
  EXPECT_EQ(progress_words(state),
            progress_words(measuring()) + ", openvino: loading, 12 s so far");
  EXPECT_EQ(phase_of(state), phase_of(measuring()));
}

TEST(ProgressLine, BeforeTheMeasuringItShowsTheStep) {
  RunState state;
  state.step = "openvino: loading";
  EXPECT_EQ(progress_line(state, 80, false), "[----------] openvino: loading");
  state.step_s = 100;
  EXPECT_EQ(progress_words(state), "openvino: loading, 2 min so far");
}

TEST(ProgressLine, TheBarIsThatOfTheWholeRun) {
  RunState state = measuring();
  state.comparison = 2;
  state.comparisons = 2;
  state.advance->done = 0.5;
  state.advance->standing = "a 1.00 ms, 1 block";
  EXPECT_EQ(progress_line(state, 80, false),
            "[#######---] comparison 2 of 2, at most 10 s left, a 1.00 ms, 1 block");
  EXPECT_NE(progress_line(state, 80, true).find("\033[32m#######\033[0m---"), std::string::npos);
}

}  // namespace
}  // namespace dnnbench
