#include "prepare/activations.h"

#include <gtest/gtest.h>

#include "import/read_model.h"
#include "inputs/inputs.h"
#include "machine/memory.h"
#include "onnx/model.h"
#include "onnx/test_model.h"
#include "process/engine_session.h"
#include "process/simplifier_process.h"
#include "protocol/value_file.h"

namespace dnnbench {
namespace {

import::Node node(std::vector<std::string> inputs, std::vector<std::string> outputs) {
  import::Node made;
  made.op = "Add";
  made.inputs = std::move(inputs);
  made.outputs = std::move(outputs);
  return made;
}

import::ValueType floats(std::vector<int64_t> shape) {
  return {import::ValueType::Kind::kTensor, DataType::kFloat32, std::move(shape), {}};
}

// x -> a (400 bytes) -> b (800) -> c (4); a is used again beside b.
import::Graph graph() {
  import::Graph graph;
  graph.nodes = {node({"x"}, {"a"}), node({"a"}, {"b"}), node({"a", "b"}, {"c"}),
                 node({"c"}, {"y"})};
  graph.outputs = {{"y", floats({1})}};
  graph.types = {
      {"a", floats({100})}, {"b", floats({10, 20})}, {"c", floats({1})}, {"y", floats({1})}};
  return graph;
}

TEST(Activations, AreCountedUntilTheirLastUse) {
  EXPECT_EQ(peak_activation_bytes(graph()), 400 + 800 + 4);
  EXPECT_EQ(value_bytes(graph()).at("b"), 800);
}

TEST(Activations, ThatAreNotNeededTogetherDontAddUp) {
  import::Graph chain = graph();
  chain.nodes[2].inputs = {"b"};
  EXPECT_EQ(peak_activation_bytes(chain), 400 + 800);
}

TEST(Activations, OfUnknownOrImpossibleSizeCountAsNothing) {
  import::Graph unknown = graph();
  unknown.types["b"].shape->front() = -1;
  unknown.types.erase("a");
  unknown.types["c"] = floats({int64_t{1} << 40, int64_t{1} << 40});
  EXPECT_EQ(peak_activation_bytes(unknown), 4);
  EXPECT_EQ(value_bytes(unknown).count("b"), 0U);
}

TEST(Activations, ThatABranchUsesStayUntilThen) {
  import::Graph inner;
  inner.nodes = {node({"a"}, {"z"})};
  import::Graph outer = graph();
  outer.nodes[2].inputs = {"b"};
  outer.nodes[3].attributes["then_branch"].graph = std::make_shared<const import::Graph>(inner);
  EXPECT_EQ(peak_activation_bytes(outer), 400 + 800 + 4);
}

// --- beside what ONNX Runtime takes ----------------------------------------------------------

using testing::add_node;

// A model of x [n, n]; the estimate and the measured memory of running it.
class MeasuredModel {
 public:
  explicit MeasuredModel(onnx::ModelProto model) : model_(std::move(model)) {
    testing::add_input(model_, "x", onnx::TensorProto::FLOAT, {"n", "n"});
    testing::add_output(model_, "y", onnx::TensorProto::FLOAT, {"rows", "columns"});
    config_.model_path = testing::write_model(model_, folder_ / "model.onnx");
  }

  int64_t estimate(int64_t n) {
    config_.input_shapes = {{"x", {n, n}}};
    const std::string path = folder_ / "simplified.onnx";
    SimplifierProcess(folder_ / "", kLimit_s).simplify(config_, path);
    return peak_activation_bytes(import::read_model_file(path).graph);
  }

  // Without what the library itself and the same model with tiny values take, and without the input
  // and its copy.
  int64_t measure(int64_t n) { return peak(n) - peak(1) - 2 * 4 * n * n; }

 private:
  static constexpr double kLimit_s = 60;

  int64_t peak(int64_t n) {
    config_.input_shapes = {{"x", {n, n}}};
    WorkerOptions options;
    options.engine = "onnxruntime";
    options.log_path = folder_ / "log";
    options.timeout_s = kLimit_s;
    EngineSession session(options, folder_ / "");
    session.load(config_);
    const std::string inputs = folder_ / "inputs";
    write_values(inputs, make_inputs(read_model(config_.model_path), config_.input_shapes, 0, {}));
    session.set_inputs(inputs);
    session.run();
    return session.peak_rss_bytes();
  }

  testing::TemporaryFolder folder_;
  onnx::ModelProto model_;
  LoadConfig config_;
};

void expect_near(onnx::ModelProto model) {
  if (!kCanLimitMemory) GTEST_SKIP() << "the sanitizers' own memory would be measured";
  constexpr int64_t kSize = 2048;  // 16 MiB a value
  MeasuredModel measured(std::move(model));
  const auto estimate = static_cast<double>(measured.estimate(kSize));
  const auto found = static_cast<double>(measured.measure(kSize));
  EXPECT_GE(estimate, 2.0 * 4 * kSize * kSize);
  EXPECT_GT(found, 0.4 * estimate);
  EXPECT_LT(found, 2.5 * estimate);
}

TEST(Activations, OfAChainAreNearWhatIsMeasured) {
  onnx::ModelProto model = testing::empty_model();
  add_node(model, "Exp", {"x"}, {"a"});
  add_node(model, "MatMul", {"a", "x"}, {"b"});
  add_node(model, "Tanh", {"b"}, {"c"});
  add_node(model, "MatMul", {"c", "x"}, {"y"});
  expect_near(std::move(model));
}

TEST(Activations, OfBranchesThatMeetAreNearWhatIsMeasured) {
  onnx::ModelProto model = testing::empty_model();
  add_node(model, "MatMul", {"x", "x"}, {"a"});
  add_node(model, "Softmax", {"x"}, {"b"});
  add_node(model, "Exp", {"x"}, {"c"});
  add_node(model, "Tanh", {"x"}, {"d"});
  auto& concat = add_node(model, "Concat", {"a", "b", "c", "d"}, {"y"});
  testing::set_int(concat, "axis", 0);
  expect_near(std::move(model));
}

TEST(Activations, ThatLiveLongAreNearWhatIsMeasured) {
  onnx::ModelProto model = testing::empty_model();
  add_node(model, "Exp", {"x"}, {"a"});
  add_node(model, "MatMul", {"a", "x"}, {"b"});
  add_node(model, "Softmax", {"b"}, {"c"});
  add_node(model, "MatMul", {"c", "x"}, {"d"});
  add_node(model, "Sub", {"d", "a"}, {"e"});
  add_node(model, "Mul", {"e", "b"}, {"y"});
  expect_near(std::move(model));
}

}  // namespace
}  // namespace dnnbench
