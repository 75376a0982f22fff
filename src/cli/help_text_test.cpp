#include "cli/help_text.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dnnbench {
namespace {

TEST(HelpText, DoesNotShowHiddenFlags) {
  EXPECT_EQ(help_text("run").find("--fake"), std::string::npos);
  const auto flags = flags_in_help("run");
  EXPECT_NE(std::find(flags.begin(), flags.end(), "--fake"), flags.end());
}

TEST(HelpText, NamesTheEightModels) {
  auto models = generated_models();
  std::sort(models.begin(), models.end());
  EXPECT_EQ(models, (std::vector<std::string>{
                        "bertsquad-10", "efficientnet-lite4-11", "mobilenetv2-10", "mosaic-9",
                        "resnet50-v1-7", "shufflenet-v2-10", "super-resolution-10", "yolov4"}));
}

}  // namespace
}  // namespace dnnbench
