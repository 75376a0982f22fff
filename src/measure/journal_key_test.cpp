#include "measure/journal_key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "onnx/test_model.h"
#include "testing/temporary_folder.h"

namespace dnnbench {
namespace {

InputSample sample(const std::string& bytes) {
  Tensor tensor = make_tensor(DataType::kUint8, {static_cast<int64_t>(bytes.size())});
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(tensor.bytes.data()));
  return {make_value("x", std::move(tensor))};
}

std::string key(const RunOptions& options, const AccuracySamples& samples) {
  PreparedModel model;
  model.model.path = "m.onnx";
  model.samples = std::make_shared<const AccuracySamples>(samples);
  return journal_key(options, {}, {&model}, {}, std::nullopt);
}

// The same command, after the user has replaced them: what was found out by then is of others.
TEST(JournalKey, IsAnotherWithOtherSamples) {
  AccuracySamples samples;
  samples.calibration = {sample("a")};
  samples.held_out = {{1, sample("b"), {}, {}}, {2, sample("c"), {}, {}}};
  const std::string before = key({}, samples);
  EXPECT_EQ(key({}, samples), before);
  AccuracySamples others = samples;
  others.calibration = {sample("d")};
  EXPECT_NE(key({}, others), before);
  others = samples;
  others.held_out[1].inputs = sample("d");
  EXPECT_NE(key({}, others), before);
  others = samples;
  std::swap(others.held_out[0], others.held_out[1]);
  EXPECT_NE(key({}, others), before);
  others = samples;
  others.f32_scores = {1, 0.5};
  EXPECT_NE(key({}, others), before);
}

TEST(JournalKey, IsAnotherWithAnotherScriptOfTheMetric) {
  const TemporaryFolder folder;
  const std::string script = folder / "metric.py";
  RunOptions options;
  options.metric_command = "python3 " + script + " --strict";
  testing::write_file(script, "print(1)");
  const std::string before = key(options, {});
  EXPECT_EQ(key(options, {}), before);
  testing::write_file(script, "print(0.5)");
  EXPECT_NE(key(options, {}), before);
}

}  // namespace
}  // namespace dnnbench
