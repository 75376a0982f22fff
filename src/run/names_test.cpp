#include "run/names.h"

#include <gtest/gtest.h>

#include "core/sha256.h"

namespace dnnbench {
namespace {

Candidate candidate(const std::string& backend = "onnxruntime") {
  Candidate candidate;
  candidate.model_path = "/models/yolo.v4.onnx";
  candidate.backend = backend;
  return candidate;
}

// In latency mode, of a model with inputs x and y.
std::string meta(const Candidate& candidate, const RunOptions& options = {}) {
  return backend_meta_of(options, candidate, {"x", "y"});
}

TEST(BackendMeta, IsTheProviderWhereAllIsAsUsual) {
  EXPECT_EQ(meta(candidate()), "cpu");
  Candidate cuda = candidate();
  cuda.provider = "cuda";
  EXPECT_EQ(meta(cuda), "cuda");
}

TEST(BackendMeta, OfAGpuSaysWhereDataLies) {
  Candidate one = candidate("tensorrt");
  one.device = "gpu";
  EXPECT_EQ(meta(one), "gpu");
  one.precision = "tf32";
  one.io = "device";
  one.cuda_graph = true;
  EXPECT_EQ(meta(one), "gpu-precision=tf32-io=device-cuda-graph");
}

TEST(BackendMeta, HasEverySettingInItsOrder) {
  Candidate one = candidate();
  one.threads = 1;
  one.precision = "bf16";
  one.batch = 4;
  RunOptions options;
  options.mode = LatencyOptions{std::nullopt, 10};
  options.shapes = {{"y", {1, 3}}, {"x", {2}}};
  options.inputs = {{"y", "dir/values.npy"}, {"z", "1"}};
  options.seed = 7;
  EXPECT_EQ(meta(one, options),
            "cpu-threads=1-precision=bf16-number=10-batch=4-shape=x@2+y@1x3-seed=7-"
            "input=y@values.npy");
}

TEST(BackendMeta, OfLoadModeEndsWithRateOrBound) {
  Candidate one = candidate();
  one.streams = 2;
  RunOptions options;
  options.mode = TrafficOptions{20, std::nullopt, std::nullopt};
  EXPECT_EQ(meta(one, options), "cpu-streams=2-mode=load-rate=20");
  EXPECT_EQ(settings_of(options, one, {}), "cpu-streams=2");
  options.mode = TrafficOptions{std::nullopt, 0.2, std::nullopt};
  EXPECT_EQ(meta(one, options), "cpu-streams=2-mode=load-slo-p99=0.2");
}

TEST(BackendMeta, OfThroughputModeHasAllThatIsTried) {
  RunOptions options;
  options.mode = ThroughputOptions{0.5, 2, {1, 2}, {1, 8}};
  Candidate one = candidate();
  one.streams = 2;
  EXPECT_EQ(meta(one, options), "cpu-streams=2-threads=1+2-batch=1+8-mode=throughput-slo-p99=0.5");
  options.mode = ThroughputOptions();
  EXPECT_EQ(meta(candidate(), options), "cpu-mode=throughput");
}

TEST(BackendMeta, DistinguishesVersions) {
  Candidate old = candidate();
  old.engine_version = "1.30.0";
  EXPECT_EQ(meta(old), "cpu-version=1.30.0");
}

TEST(BackendMeta, HasNoCharacterThatANameMustNotHold) {
  Candidate one = candidate();
  one.provider = std::string("a\0b\n\xc3\xa9 c/d,e:0@1x3", 18);
  EXPECT_EQ(meta(one), "a_b____c_d_e_0@1x3");
}

TEST(ResultStem, NamesModelDeviceBackendAndMeta) {
  EXPECT_EQ(result_stem(candidate(), "cpu-threads=1"),
            "yolo.v4-quant=0-cpu-onnxruntime-cpu-threads=1");
}

TEST(ResultStem, KeepsANameOf200Bytes) {
  const std::string head = "yolo.v4-quant=0-cpu-tvm-";
  const std::string meta(200 - head.size(), 'x');
  EXPECT_EQ(result_stem(candidate("tvm"), meta), head + meta);
}

TEST(ResultStem, CutsALongerOneAndKeepsItDistinct) {
  const std::string meta(300, 'x');
  const std::string stem = result_stem(candidate("tvm"), meta);
  EXPECT_EQ(stem.size(), 200U);
  EXPECT_EQ(stem.substr(stem.size() - 9), "-" + sha256_of_text(meta).substr(0, 8));
  EXPECT_EQ(stem.rfind("yolo.v4-quant=0-cpu-tvm-xxx", 0), 0U);
  EXPECT_NE(stem, result_stem(candidate("tvm"), meta + "y"));
}

TEST(ResultStem, ShortensTheNameOfAModel) {
  const auto stem_of = [](const std::string& path) {
    Candidate named = candidate("tvm");
    named.model_path = path;
    return result_stem(named, "cpu");
  };
  const std::string same(240, 'm');
  const std::string stem = stem_of(same + "1.onnx");
  EXPECT_LE(stem.size(), 200U);
  EXPECT_EQ(stem.substr(stem.size() - 20), "-quant=0-cpu-tvm-cpu");
  EXPECT_NE(stem, stem_of(same + "2.onnx"));
  std::string umlauts;
  for (int i = 0; i < 120; ++i) umlauts += "\xc3\xa4";
  const std::string cut = stem_of(umlauts + ".onnx");
  EXPECT_EQ(cut.rfind("\xa4-" + sha256_of_text(umlauts).substr(0, 8)), cut.size() - 30) << cut;
}

}  // namespace
}  // namespace dnnbench
