#include "measure/on_device.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

TEST(WhyNotAGpuResult, CountsTheNodesOnTheCpu) {
  EXPECT_EQ(why_not_a_gpu_result({{"Tesla T4", 90, false}, {"CPU", 10, true}}), "");
  EXPECT_EQ(
      why_not_a_gpu_result({{"Tesla T4", 4, false}, {"CPU", 5, true}, {"other CPU", 1, true}}),
      "6 of its 10 nodes run on the CPU, so this would not be a GPU's result");
  EXPECT_NE(why_not_a_gpu_result({{"Tesla T4", 5, false}, {"CPU", 5, true}}), "");
}

TEST(WhyNotAGpuResult, WhatSaysNothingIsNoProof) {
  EXPECT_EQ(why_not_a_gpu_result({}), "it does not say which nodes run on the GPU");
}

TEST(GreetingOf, ArmIsACpu) {
  Candidate candidate;
  candidate.provider = "cuda";
  for (const char* device : {"cpu", "arm"}) {
    candidate.device = device;
    EXPECT_EQ(greeting_of(candidate).device, "cpu");
  }
  candidate.device = "gpu";
  EXPECT_EQ(greeting_of(candidate).device, "gpu");
  EXPECT_EQ(greeting_of(candidate).provider, "cuda");
}

TEST(WhyNotOnDevice, AGpuThatCannotBeUsedSaysWhy) {
  Candidate candidate;
  EXPECT_EQ(why_not_on_device(candidate, {}, {.why_not = "no GPU is visible to this process"}), "");
  candidate.device = "gpu";
  EXPECT_EQ(why_not_on_device(candidate, {}, {}), "");
  EXPECT_EQ(why_not_on_device(candidate, {}, {.why_not = "no GPU is visible to this process"}),
            "no GPU is visible to this process");
  candidate.precision = "int8";
  EXPECT_EQ(why_not_on_device(candidate, {}, {}), "quantised models are run on CPUs alone");
}

}  // namespace
}  // namespace dnnbench
