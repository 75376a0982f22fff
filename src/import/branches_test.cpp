#include "import/branches.h"

#include <gtest/gtest.h>

#include "import/simplify.h"
#include "import/write_model.h"
#include "onnx/test_model.h"

namespace dnnbench::import {
namespace {

using namespace dnnbench::testing;

constexpr int kFloat = onnx::TensorProto::FLOAT;

void add_branch(onnx::NodeProto& node, const std::string& name, const onnx::GraphProto& graph) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::GRAPH);
  *attribute.mutable_g() = graph;
}

// result = operator(inputs), with a constant "w" of its own.
onnx::GraphProto branch(const std::string& op, const std::vector<std::string>& inputs) {
  onnx::ModelProto model;
  add_node(model, op, inputs, {"result"});
  add_initializer(model, float_tensor("w", {2}));
  model.mutable_graph()->add_output()->set_name("result");
  return model.graph();
}

// y = flag ? x + w : x * w, and flag = not(off).
onnx::ModelProto branching_model() {
  onnx::ModelProto model = empty_model();
  add_input(model, "x", kFloat, {"2"});
  add_input(model, "off", onnx::TensorProto::BOOL, {});
  add_output(model, "y", kFloat, {"2"});
  add_node(model, "Not", {"off"}, {"flag"});
  add_node(model, "Relu", {"x"}, {"r"});
  auto& node = add_node(model, "If", {"flag"}, {"y"});
  add_branch(node, "then_branch", branch("Add", {"r", "w"}));
  add_branch(node, "else_branch", branch("Mul", {"r", "w"}));
  return model;
}

ModelFile parsed(const onnx::ModelProto& model) {
  return read_model_message(model.SerializeAsString(), "model.onnx");
}

std::string nodes_of(const Graph& graph) {
  std::string text;
  for (const Node& node : graph.nodes) {
    text += node.op + "(";
    for (const std::string& input : node.inputs) text += input + " ";
    text += ")=" + node.outputs.at(0) + " ";
  }
  return text;
}

TEST(Branches, ConditionsComeWithWhatTheyNeed) {
  const ModelFile model = parsed(branching_model());
  EXPECT_EQ(branch_conditions(model.graph), std::set<std::string>{"flag"});
  const ModelFile conditions = read_model_message(model_of_conditions(model), "model.onnx");
  EXPECT_EQ(nodes_of(conditions.graph), "Not(off )=flag ");
  ASSERT_EQ(conditions.graph.outputs.size(), 1U);
  EXPECT_EQ(conditions.graph.outputs[0].name, "flag");
}

TEST(Branches, AConditionBehindAnIfNodeWaits) {
  onnx::ModelProto model = branching_model();
  add_node(model, "IsPositive", {"y"}, {"later"});
  add_branch(add_node(model, "If", {"later"}, {"z"}), "then_branch", branch("Add", {"y", "w"}));
  const ModelFile conditions = read_model_message(model_of_conditions(parsed(model)), "model.onnx");
  EXPECT_EQ(nodes_of(conditions.graph), "Not(off )=flag ");
}

TEST(Branches, TheBranchTakenReplacesTheNodeUnderNamesOfItsOwn) {
  const ModelFile model = parsed(branching_model());
  const ModelFile taken =
      read_model_message(with_taken_branches(model, {{"flag", false}}), "model.onnx");
  EXPECT_EQ(nodes_of(taken.graph),
            "Not(off )=flag Relu(x )=r Mul(r y::else_branch::w )=y::else_branch::result "
            "Identity(y::else_branch::result )=y ");
  ASSERT_NE(taken.graph.constant("y::else_branch::w"), nullptr);
  EXPECT_EQ(nodes_of(read_model_message(with_taken_branches(model, {}), "model.onnx").graph),
            nodes_of(model.graph));
}

TEST(Branches, AGraphInsideABranchKeepsItsOwnNames) {
  onnx::ModelProto model = branching_model();
  onnx::GraphProto body = branch("Add", {"r", "outer"});  // defines w and result, uses outer
  onnx::ModelProto then;
  add_node(then, "Neg", {"r"}, {"outer"});
  add_branch(add_node(then, "Loop", {"", "", "outer"}, {"result"}), "body", body);
  then.mutable_graph()->add_output()->set_name("result");
  auto& node = *model.mutable_graph()->mutable_node(2);
  *node.mutable_attribute(0)->mutable_g() = then.graph();
  const ModelFile taken =
      read_model_message(with_taken_branches(parsed(model), {{"flag", true}}), "model.onnx");
  const Node& loop = taken.graph.nodes.at(3);
  EXPECT_EQ(loop.inputs.at(2), "y::then_branch::outer");
  EXPECT_EQ(nodes_of(*loop.attribute("body")->graph), "Add(r y::then_branch::outer )=result ");
}

TEST(Branches, OnlyAConstantTruthValueIsKnown) {
  onnx::ModelProto model = branching_model();
  onnx::TensorProto yes;
  yes.set_name("flag");
  yes.set_data_type(onnx::TensorProto::BOOL);
  yes.add_int32_data(1);
  add_initializer(model, yes);
  add_initializer(model, float_tensor("number", {}));
  const auto known = constant_conditions(parsed(model).graph, {"flag", "number", "x"});
  EXPECT_EQ(known, (std::map<std::string, bool>{{"flag", true}}));
}

// What without_weights took out comes back, and a bound input is an input again.
TEST(Branches, TheWholeModelHasItsWeightsAndInputs) {
  const TemporaryFolder folder;
  onnx::ModelProto model = branching_model();
  add_initializer(model, float_tensor("large", {500}));
  add_node(model, "Neg", {"large"}, {"n"});
  LoadConfig config;
  config.model_path = write_model(model, folder / "model.onnx");
  config.input_shapes = {{"x", {2}}, {"off", {}}};
  const ModelFile stripped = read_model_message(without_weights(config), config.model_path);
  EXPECT_EQ(stripped.graph.constant("large"), nullptr);
  const ModelFile taken =
      read_model_message(with_taken_branches(stripped, {{"flag", true}}), config.model_path);
  const ModelFile whole = read_model_message(
      with_weights(taken, read_model_file(config.model_path).graph), config.model_path);
  ASSERT_EQ(whole.graph.open_inputs().size(), 2U);
  EXPECT_EQ(whole.graph.open_inputs()[0].name, "x");
  ASSERT_NE(whole.graph.constant("large"), nullptr);
  EXPECT_EQ(whole.graph.constant("large")->doubles().at(499), 499);
  EXPECT_NE(whole.graph.constant("y::then_branch::w"), nullptr);
}

}  // namespace
}  // namespace dnnbench::import
