#include "run/candidate.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

using Labels = std::vector<std::string>;

Candidate resnet50_on(const std::string& backend) {
  Candidate candidate;
  candidate.model_path = "/models/resnet50.onnx";
  candidate.backend = candidate.engine = backend;
  return candidate;
}

TEST(Labels, AreTheEngineWhereNothingElseDiffers) {
  std::vector<Candidate> all{resnet50_on("onnxruntime"), resnet50_on("tf")};
  for (Candidate& one : all) {
    one.threads = 2;
    one.precision = "bf16";
    one.batch = 8;
  }
  EXPECT_EQ(labels_of(all), (Labels{"onnxruntime", "tf"}));
  all[0].provider = "cuda";
  EXPECT_EQ(labels_of(all)[0], "onnxruntime-cuda");
  EXPECT_EQ(labels_of({all[1]}), Labels{"tf"});
}

TEST(Labels, HaveWhateverDiffersWithinTheRun) {
  std::vector<Candidate> all(2, resnet50_on("onnxruntime"));
  all[0].threads = 1;
  all[1].threads = 2;
  EXPECT_EQ(labels_of(all), (Labels{"onnxruntime, 1 thread", "onnxruntime, 2 threads"}));
  all[1].precision = "bf16";
  EXPECT_EQ(labels_of(all), (Labels{"onnxruntime, f32, 1 thread", "onnxruntime, bf16, 2 threads"}));
}

TEST(Labels, DistinguishVersionsAndModelsOfOneEngine) {
  std::vector<Candidate> all(2, resnet50_on("onnxruntime"));
  all[1].engine_version = "1.30.0";
  EXPECT_EQ(labels_of(all), (Labels{"onnxruntime", "onnxruntime, 1.30.0"}));
  all[0].engine_version = "1.30.0";
  all[1].model_path = "/elsewhere/optimised.onnx";
  EXPECT_EQ(labels_of(all), (Labels{"onnxruntime, resnet50.onnx", "onnxruntime, optimised.onnx"}));
}

TEST(Labels, HaveNoCharacterThatATerminalWouldObey) {
  Candidate one = resnet50_on("fake");
  one.provider = "ok,duration_s=0.1\n";
  EXPECT_EQ(labels_of({one}), Labels{"fake-ok_duration_s=0.1_"});
}

}  // namespace
}  // namespace dnnbench
