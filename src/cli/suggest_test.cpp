#include "cli/suggest.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

const std::vector<std::string> kKnown{"--onnxruntime", "--openvino", "--threads", "--tf"};

TEST(Nearest, FindsTheWordMeant) {
  EXPECT_EQ(nearest("--onxruntime", kKnown), "--onnxruntime");
  EXPECT_EQ(nearest("--opnevino", kKnown), "--openvino");
  EXPECT_EQ(nearest("--thread", kKnown), "--threads");
}

TEST(Nearest, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(nearest("--frobnicate", kKnown), std::nullopt);
  EXPECT_EQ(nearest("x", {}), std::nullopt);
}

}  // namespace
}  // namespace dnnbench
