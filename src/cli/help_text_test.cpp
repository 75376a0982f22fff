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

TEST(HelpText, SaysWhatAFlagTakes) {
  const auto kinds = value_kinds("run");
  EXPECT_EQ(kinds.at("--openvino"), "[=VERSIONS]");
  EXPECT_EQ(kinds.at("--pytorch"), "");
  EXPECT_EQ(kinds.at("--device"), "cpu|gpu|arm");
  EXPECT_EQ(kinds.at("--shape"), "NAME=DIMS");
}

TEST(ComplaintAbout, SaysWhatAValueMustBe) {
  EXPECT_EQ(complaint_about("10", "COUNT"), "");
  EXPECT_EQ(complaint_about("0", "COUNT"), "must be a whole number from 1");
  EXPECT_EQ(complaint_about("1,2,4", "COUNTS"), "");
  EXPECT_EQ(complaint_about("1,", "COUNTS"),
            "must be a whole number from 1, or a list such as 1,2,4");
  EXPECT_EQ(complaint_about(".5", "SECONDS"), "");
  EXPECT_EQ(complaint_about("0.0", "SECONDS"), "must be a number of seconds above 0");
  EXPECT_EQ(complaint_about("0", "0|SECONDS"), "");
  EXPECT_EQ(complaint_about("1m", "0|SECONDS"), "must be one of 0, SECONDS");
  EXPECT_EQ(complaint_about("tpu", "cpu|gpu|arm"), "must be one of cpu, gpu, arm");
  EXPECT_EQ(complaint_about("1", "FRACTION"),
            "must be a number from 0 to below 1, or a percentage below 100%");
  EXPECT_EQ(complaint_about("anything", "DIR"), "");
  EXPECT_EQ(complaint_about(std::string(200'000, '1'), "NAME=DIMS"), "is too long");
}

TEST(CanonicalValue, TakesWhatPeopleType) {
  const auto both = [](const std::string& value, const std::string& kind) {
    EXPECT_EQ(complaint_about(value, kind), "") << value;
    return canonical_value(value, kind);
  };
  EXPECT_EQ(both("1e3", "COUNT"), "1000");
  EXPECT_EQ(both("2E+2", "N"), "200");
  EXPECT_EQ(both("1,1e1", "COUNTS"), "1,10");
  EXPECT_EQ(both("5%", "FRACTION"), "0.05");
  EXPECT_EQ(both("99.5%", "FRACTION"), "0.995");
  EXPECT_EQ(both("CPU", "cpu|gpu|arm"), "cpu");
  EXPECT_EQ(both("0", "0|SECONDS"), "0");
  EXPECT_EQ(both("1e1", "0|SECONDS"), "1e1");
  EXPECT_EQ(both("CPU", "DIR"), "CPU");
  EXPECT_NE(complaint_about("1e", "COUNT"), "");
  EXPECT_NE(complaint_about("100%", "FRACTION"), "");
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
