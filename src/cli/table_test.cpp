#include "cli/table.h"

#include <gtest/gtest.h>

namespace dnnbench {
namespace {

Result result_of(const std::string& backend, const std::string& meta, double latency_s) {
  Result result;
  result.model_path = "/models/resnet50-v1-7.onnx";
  result.instance = "c5a.4xlarge";
  result.input_shapes = {{"data", {1, 3, 224, 224}}};
  result.threads = 2;
  result.precision = "f32";
  result.backend = backend;
  result.backend_meta = meta;
  result.engine_version = "1.2.3";
  result.load_s = 0.25;
  result.first_run_s = 2 * latency_s;
  result.peak_rss_bytes = 312'000'000;
  result.data.assign(100, latency_s);
  result.verification.verdict = Verdict::kOk;
  result.verification.max_rel_error = 2e-6;
  result.in_force = InForce{"f32", 2, {}, {}};
  return result;
}

Result failed(const std::string& backend, OutcomeKind kind, const std::string& reason) {
  Result result = result_of(backend, "cpu", 0.001);
  result.outcome = {kind, reason};
  result.data.clear();
  result.verification = {Verdict::kUnverified, "the engine did not get so far"};
  result.engine_version.reset();
  result.load_s.reset();
  result.peak_rss_bytes.reset();
  result.in_force.reset();
  return result;
}

Result disturbed(const std::string& backend, double latency_s) {
  Result result = result_of(backend, "cpu", latency_s);
  result.run_queue_wait_share = 0.2;
  return result;
}

Result unverified(const std::string& backend, double latency_s) {
  Result result = result_of(backend, "cpu", latency_s);
  result.verification = {Verdict::kUnverified, "the model draws random numbers"};
  return result;
}

TEST(Heading, SaysWhatWasMeasured) {
  EXPECT_EQ(heading({result_of("tvm", "cpu", 0.1)}),
            "resnet50-v1-7 on c5a.4xlarge: 2 threads, f32, inputs data[1,3,224,224]");
  Result one = result_of("tvm", "cpu", 0.1);
  one.threads = 1;
  one.input_shapes = {{"a\n\x1b[2J", {}}, {"b", {2}}};
  EXPECT_EQ(heading({one}), "resnet50-v1-7 on c5a.4xlarge: 1 thread, f32, inputs a  [2J[] b[2]");
}

TEST(EngineLabel, NamesVariantAndSettingsWhereTheyAreNotTheUsual) {
  EXPECT_EQ(engine_label(result_of("openvino", "cpu", 1)), "openvino");
  EXPECT_EQ(engine_label(result_of("onnxruntime", "cuda", 1)), "onnxruntime-cuda");
  EXPECT_EQ(engine_label(result_of("openvino", "cpu-threads=1-precision=bf16", 1)),
            "openvino (threads=1-precision=bf16)");
}

TEST(ResultsTable, RanksTheVerifiedOnesAndGivesReasonsForTheOthers) {
  const std::vector<Result> results{
      failed("tf", OutcomeKind::kUnsupported, "operator Foo\n(opset 1)"),
      result_of("onnxruntime", "cpu", 0.04), unverified("tvm", 0.01),
      result_of("openvino", "cpu", 0.032)};
  EXPECT_EQ(results_table(results), R"(
engine       version   median      p90  p99  inferences/s  vs best    load  memory  precision  error  verdict
openvino     1.2.3    32.0 ms  32.0 ms    -          31.2    1.00x  250 ms  312 MB  f32        2e-06  ok
onnxruntime  1.2.3    40.0 ms  40.0 ms    -          25.0    1.25x  250 ms  312 MB  f32        2e-06  ok
tf           -              -        -    -             -        -       -       -  -              -  unsupported
tvm          1.2.3    10.0 ms  10.0 ms    -           100        -  250 ms  312 MB  f32            -  unverified
tf: unsupported: operator Foo (opset 1)
tvm: unverified: the model draws random numbers
)" + 1);
}

TEST(ResultsTable, GivesNoRankToWhatABusyMachineDisturbed) {
  const std::vector<Result> results{disturbed("openvino", 0.032),
                                    result_of("onnxruntime", "cpu", 0.04)};
  EXPECT_EQ(results_table(results), R"(
engine       version   median      p90  p99  inferences/s  vs best    load  memory  precision  error  verdict
onnxruntime  1.2.3    40.0 ms  40.0 ms    -          25.0    1.00x  250 ms  312 MB  f32        2e-06  ok
openvino     1.2.3    32.0 ms  32.0 ms    -          31.2        -  250 ms  312 MB  f32        2e-06  suspect
)" + 1);
  EXPECT_EQ(closing_sentence(results),
            "The machine was busy: openvino waited for a core during 20 % of its timing, so these "
            "figures give no ranking; run again when nothing else runs.");
}

TEST(ClosingSentence, CallsEqualWhatIsWithinOnePercent) {
  EXPECT_EQ(closing_sentence({result_of("tvm", "cpu", 0.1005), result_of("openvino", "cpu", 0.1)}),
            "openvino and tvm are equally fast, within 1 %; outputs agree within 2e-06.");
}

TEST(ClosingSentence, ComparesTheBestWithTheNext) {
  EXPECT_EQ(closing_sentence({result_of("onnxruntime", "cpu", 0.04),
                              result_of("openvino", "cpu", 0.032), unverified("tvm", 0.001)}),
            "openvino is fastest: 1.25 times onnxruntime; outputs agree within 2e-06.");
}

TEST(ClosingSentence, OfOneEngineOnly) {
  Result exact = result_of("openvino", "cpu", 0.032);
  exact.verification.max_rel_error = 0;
  EXPECT_EQ(closing_sentence({exact, failed("tf", OutcomeKind::kCrashed, "SIGSEGV")}),
            "openvino is the only engine with a verified result: 32.0 ms an inference; outputs "
            "agree exactly.");
}

TEST(ClosingSentence, OfNone) {
  EXPECT_EQ(closing_sentence({unverified("tvm", 0.001)}),
            "No engine computed verified outputs, so there is nothing to rank.");
}

}  // namespace
}  // namespace dnnbench
