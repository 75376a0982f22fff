#include "import/read_graph.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "import/simplify.h"
#include "onnx/test_model.h"
#include "protocol/value_file.h"

namespace dnnbench::import {
namespace {

using dnnbench::testing::TemporaryFolder;
using dnnbench::testing::write_file;

constexpr int kFloat32 = onnx::TensorProto::FLOAT;
constexpr int64_t kLarge = 20;  // 20 x 20 floats are above kLargestFolded_bytes

// y = x [N, 20] . weights [20, 20] + small [20] + mode
onnx::ModelProto linear_model() {
  onnx::ModelProto model = dnnbench::testing::empty_model(13);
  dnnbench::testing::add_input(model, "x", kFloat32, {"N", "20"});
  dnnbench::testing::add_input(model, "small", kFloat32, {"20"});
  dnnbench::testing::add_input(model, "mode", kFloat32, {"1"});
  dnnbench::testing::add_output(model, "y", kFloat32, {"N", "20"});
  *model.mutable_graph()->add_initializer() =
      dnnbench::testing::float_tensor("weights", {kLarge, kLarge});
  *model.mutable_graph()->add_initializer() = dnnbench::testing::float_tensor("small", {kLarge});
  dnnbench::testing::add_node(model, "MatMul", {"x", "weights"}, {"product"});
  dnnbench::testing::add_node(model, "Add", {"product", "small"}, {"sum"});
  dnnbench::testing::add_node(model, "Add", {"sum", "mode"}, {"y"});
  return model;
}

class ReadGraph : public ::testing::Test {
 protected:
  // What the library would write of the model without weights: here the same.
  LoadConfig prepare(const onnx::ModelProto& model, const std::string& bound_inputs_file = "") {
    LoadConfig config;
    config.model_path = folder_ / "model.onnx";
    config.simplified_path = folder_ / "simplified.onnx";
    config.bound_inputs_file = bound_inputs_file;
    config.input_shapes = {{"x", {3, 20}}, {"mode", {1}}};
    write_file(config.model_path, model.SerializeAsString());
    write_file(config.simplified_path, without_weights(config));
    return config;
  }

  onnx::ModelProto parsed(const std::string& bytes) {
    onnx::ModelProto model;
    EXPECT_TRUE(model.ParseFromString(bytes));
    return model;
  }

  TemporaryFolder folder_;
};

TEST_F(ReadGraph, TheStrippedModelHasWeightsAsInputsOfFixedShape) {
  const LoadConfig config = prepare(linear_model());
  const onnx::ModelProto stripped = parsed(without_weights(config));
  ASSERT_EQ(stripped.graph().initializer_size(), 1);
  EXPECT_EQ(stripped.graph().initializer(0).name(), "small");
  std::map<std::string, std::vector<int64_t>> inputs;
  for (const auto& input : stripped.graph().input()) {
    for (const auto& dim : input.type().tensor_type().shape().dim()) {
      inputs[input.name()].push_back(dim.dim_value());
    }
  }
  EXPECT_EQ(inputs, (std::map<std::string, std::vector<int64_t>>{
                        {"x", {3, 20}}, {"mode", {1}}, {"weights", {20, 20}}}));
}

TEST_F(ReadGraph, WeightsComeBackFromTheOriginal) {
  const ImportedModel model = read_graph(prepare(linear_model()));
  const Graph& graph = model.graph;
  ASSERT_EQ(graph.inputs.size(), 2U);
  EXPECT_EQ(graph.inputs[0].name, "x");
  EXPECT_EQ(graph.inputs[1].name, "mode");
  EXPECT_EQ(graph.inputs[0].type.shape, (std::vector<int64_t>{3, 20}));
  ASSERT_NE(graph.constant("weights"), nullptr);
  EXPECT_EQ(graph.constant("weights")->shape, (std::vector<int64_t>{20, 20}));
  EXPECT_EQ(graph.constant("weights")->doubles().at(399), 399);
  EXPECT_EQ(graph.constant("small")->doubles().at(19), 19);
  ASSERT_EQ(graph.nodes.size(), 3U);
  EXPECT_EQ(describe(graph.nodes[0]), "MatMul (opset 13), node \"product\"");
  ASSERT_EQ(graph.outputs.size(), 1U);
  EXPECT_EQ(graph.outputs[0].name, "y");
}

TEST_F(ReadGraph, AWeightFileBesideTheModelIsRead) {
  onnx::ModelProto model = linear_model();
  auto& weights = *model.mutable_graph()->mutable_initializer(0);
  std::string bytes(weights.float_data().size() * sizeof(float), '\0');
  std::copy_n(reinterpret_cast<const char*>(weights.float_data().data()), bytes.size(),
              bytes.data());
  weights.clear_float_data();
  weights.set_data_location(onnx::TensorProto::EXTERNAL);
  const auto entry = [&](const std::string& key, const std::string& value) {
    auto* pair = weights.add_external_data();
    pair->set_key(key);
    pair->set_value(value);
  };
  entry("location", "model.weights");
  entry("offset", "5");
  write_file(folder_ / "model.weights", "12345" + bytes);
  const ImportedModel read = read_graph(prepare(model));
  EXPECT_EQ(read.graph.constant("weights")->doubles().at(399), 399);
  write_file(folder_ / "model.weights", "1234" + bytes);
  EXPECT_THROW(read_graph(prepare(model)), Error);
}

TEST_F(ReadGraph, ABoundInputIsAConstantAndMustStayTheSame) {
  Tensor mode = make_tensor(DataType::kFloat32, {1});
  mode.as<float>()[0] = 2;
  write_values(folder_ / "bound", {make_value("mode", mode)});
  const ImportedModel model = read_graph(prepare(linear_model(), folder_ / "bound"));
  ASSERT_EQ(model.graph.inputs.size(), 1U);
  EXPECT_EQ(model.graph.constant("mode")->doubles(), std::vector<double>{2});
  const Value x = make_value("x", make_tensor(DataType::kFloat32, {3, 20}));
  EXPECT_EQ(graph_inputs(model, {make_value("mode", mode), x}).size(), 1U);
  mode.as<float>()[0] = 3;
  EXPECT_THROW(graph_inputs(model, {make_value("mode", mode), x}), Error);
}

TEST_F(ReadGraph, InputsMustBeThoseOfTheGraph) {
  const ImportedModel model = read_graph(prepare(linear_model()));
  const Value x = make_value("x", make_tensor(DataType::kFloat32, {3, 20}));
  const Value mode = make_value("mode", make_tensor(DataType::kFloat32, {1}));
  EXPECT_EQ(graph_inputs(model, {mode, x}).front().name, "x");
  EXPECT_THROW(graph_inputs(model, {x}), Error);
  EXPECT_THROW(graph_inputs(model, {x, mode, make_value("z", mode.tensor())}), Error);
  EXPECT_THROW(
      graph_inputs(model, {make_value("x", make_tensor(DataType::kFloat32, {2, 20})), mode}),
      Error);
}

TEST_F(ReadGraph, EveryValueCanBeAskedForAndTypesPutBack) {
  const LoadConfig config = prepare(linear_model());
  const std::string stripped = without_weights(config);
  std::vector<std::string> outputs;
  const onnx::ModelProto asked = parsed(with_every_value_as_output(stripped));
  for (const auto& output : asked.graph().output()) {
    outputs.push_back(output.name());
  }
  EXPECT_EQ(outputs, (std::vector<std::string>{"y", "product", "sum"}));
  ValueType type;
  type.element = DataType::kFloat32;
  type.shape = {3, -1};
  write_file(config.simplified_path, with_types(stripped, {{"product", type}}));
  const Graph graph = read_graph(config).graph;
  ASSERT_NE(graph.type_of("product"), nullptr);
  EXPECT_EQ(graph.type_of("product")->shape, (std::vector<int64_t>{3, -1}));
  EXPECT_FALSE(graph.type_of("product")->is_static());
  EXPECT_EQ(graph.type_of("sum"), nullptr);
}

TEST_F(ReadGraph, SubgraphsAndTheirOuterValuesAreRead) {
  onnx::ModelProto model = dnnbench::testing::empty_model(13);
  dnnbench::testing::add_input(model, "x", kFloat32, {"2"});
  dnnbench::testing::add_input(model, "condition", onnx::TensorProto::BOOL, {});
  dnnbench::testing::add_output(model, "y", kFloat32, {"2"});
  auto& node = dnnbench::testing::add_node(model, "If", {"condition"}, {"y"});
  for (const char* name : {"then_branch", "else_branch"}) {
    auto* attribute = node.add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::GRAPH);
    auto* inner = attribute->mutable_g()->add_node();
    inner->set_op_type("Relu");
    inner->add_input("x");
    inner->add_output("inside");
    attribute->mutable_g()->add_output()->set_name("inside");
  }
  LoadConfig config = prepare(model);
  const Graph graph = read_graph(config).graph;
  const Attribute* branch = graph.nodes.at(0).attribute("else_branch");
  ASSERT_NE(branch, nullptr);
  ASSERT_TRUE(branch->graph);
  EXPECT_EQ(branch->graph->nodes.at(0).inputs, std::vector<std::string>{"x"});
  EXPECT_EQ(branch->graph->nodes.at(0).opset, 13);
}

TEST_F(ReadGraph, ADamagedFileIsAnError) {
  const LoadConfig config = prepare(linear_model());
  write_file(config.simplified_path, "\x3a\x7f nothing");
  EXPECT_THROW(read_graph(config), Error);
}

}  // namespace
}  // namespace dnnbench::import
