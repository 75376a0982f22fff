#include "cli/suggest.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

const std::vector<std::string> kKnown{"--onnxruntime", "--openvino", "--threads", "--tf", "--io"};

TEST(Nearest, FindsTheWordMeant) {
  EXPECT_EQ(nearest("--onxruntime", kKnown), "--onnxruntime");
  EXPECT_EQ(nearest("--opnevino", kKnown), "--openvino");
  EXPECT_EQ(nearest("--thread", kKnown), "--threads");
  EXPECT_EQ(nearest("--oi", kKnown), "--io");
}

TEST(Nearest, AWordThatIsOnlyBegunIsMeant) {
  EXPECT_EQ(nearest("--thr", kKnown), "--threads");
  EXPECT_EQ(nearest("--o", kKnown), "--onnxruntime");
}

TEST(Nearest, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(nearest("--frobnicate", kKnown), std::nullopt);
  EXPECT_EQ(nearest("--foo", kKnown), std::nullopt);
  EXPECT_EQ(nearest("--x", kKnown), std::nullopt);
  EXPECT_EQ(nearest("--", kKnown), std::nullopt);
  EXPECT_EQ(nearest("x", {}), std::nullopt);
}

}  // namespace
}  // namespace dnnbench
