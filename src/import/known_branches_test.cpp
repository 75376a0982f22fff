#include "import/known_branches.h"

#include <gtest/gtest.h>

#include "onnx/test_model.h"

namespace dnnbench::import {
namespace {

using onnx::TensorProto;

onnx::GraphProto branch(const std::string& type, const std::string& input) {
  onnx::GraphProto graph;
  graph.set_name(type);
  auto* node = graph.add_node();
  node->set_op_type(type);
  node->add_input(input);
  node->add_output("inner");
  graph.add_output()->set_name("inner");
  return graph;
}

void add_if(onnx::NodeProto& node, const std::string& condition, const std::string& output,
            const onnx::GraphProto& then_branch, const onnx::GraphProto& else_branch) {
  node.set_op_type("If");
  node.add_input(condition);
  node.add_output(output);
  for (const auto& [name, graph] :
       {std::pair("then_branch", &then_branch), std::pair("else_branch", &else_branch)}) {
    auto* attribute = node.add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::GRAPH);
    *attribute->mutable_g() = *graph;
  }
}

// x -> Equal(Shape(x), n) -> If(Relu(x) / If(sign)(Neg(x) / Abs(x))) -> Sqrt -> y
std::string nested() {
  onnx::ModelProto model = dnnbench::testing::empty_model(13);
  dnnbench::testing::add_input(model, "x", TensorProto::FLOAT, {"4"});
  dnnbench::testing::add_input(model, "sign", TensorProto::BOOL, {"1"});
  dnnbench::testing::add_output(model, "y", TensorProto::FLOAT, {"4"});
  dnnbench::testing::add_initializer(model, dnnbench::testing::int64_tensor("n", {4, 4}));
  dnnbench::testing::add_node(model, "Shape", {"x"}, {"shape"});
  dnnbench::testing::add_node(model, "Equal", {"shape", "n"}, {"is_four"});
  dnnbench::testing::add_node(model, "Exp", {"x"}, {"unneeded"});
  onnx::GraphProto inner;
  inner.set_name("inner if");
  add_if(*inner.add_node(), "sign", "inner", branch("Neg", "x"), branch("Abs", "x"));
  inner.add_output()->set_name("inner");
  add_if(*model.mutable_graph()->add_node(), "is_four", "chosen", branch("Relu", "x"), inner);
  dnnbench::testing::add_node(model, "Sqrt", {"chosen"}, {"y"});
  return model.SerializeAsString();
}

onnx::ModelProto parsed(const std::string& model) {
  onnx::ModelProto proto;
  EXPECT_TRUE(proto.ParseFromString(model));
  return proto;
}

std::vector<std::string> node_texts(const std::string& model) {
  std::vector<std::string> texts;
  const onnx::ModelProto proto = parsed(model);
  for (const auto& node : proto.graph().node()) {
    texts.push_back(node.op_type() + " " + node.input(0) + " -> " + node.output(0));
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(KnownBranches, FindsTheConditionsOfTheMainGraph) {
  EXPECT_EQ(branch_conditions(nested()), std::set<std::string>{"is_four"});
}

TEST(KnownBranches, TheModelOfConditionsHoldsWhatTheyNeed) {
  const auto model = model_of_conditions(nested());
  ASSERT_TRUE(model);
  EXPECT_EQ(node_texts(*model), (Texts{"Shape x -> shape", "Equal shape -> is_four"}));
  ASSERT_EQ(parsed(*model).graph().output_size(), 1);
  EXPECT_EQ(parsed(*model).graph().output(0).name(), "is_four");
}

TEST(KnownBranches, TheBranchThatIsTakenReplacesTheNode) {
  EXPECT_EQ(
      node_texts(with_branches_taken(nested(), {{"is_four", true}})),
      (Texts{"Shape x -> shape", "Equal shape -> is_four", "Exp x -> unneeded",
             "Relu x -> chosen/inner", "Identity chosen/inner -> chosen", "Sqrt chosen -> y"}));
}

TEST(KnownBranches, WhatWasInsideIsOfTheMainGraphThen) {
  const std::string once = with_branches_taken(nested(), {{"is_four", false}});
  EXPECT_EQ(branch_conditions(once), std::set<std::string>{"sign"});
  EXPECT_EQ(model_of_conditions(once), std::nullopt);  // an input
  const Texts texts = node_texts(with_branches_taken(once, {{"sign", false}}));
  EXPECT_EQ(Texts(texts.begin() + 3, texts.end()),
            (Texts{"Abs x -> chosen/inner/inner", "Identity chosen/inner/inner -> chosen/inner",
                   "Identity chosen/inner -> chosen", "Sqrt chosen -> y"}));
}

TEST(KnownBranches, UnknownConditionsChangeNothing) {
  EXPECT_EQ(node_texts(with_branches_taken(nested(), {})), node_texts(nested()));
}

TEST(KnownBranches, ConstantsOfOneTruthValueAreRead) {
  onnx::ModelProto model = dnnbench::testing::empty_model();
  for (const bool value : {false, true}) {
    onnx::TensorProto& raw = *model.mutable_graph()->add_initializer();
    raw.set_name(value ? "raw true" : "raw false");
    raw.set_data_type(TensorProto::BOOL);
    raw.set_raw_data(std::string(1, static_cast<char>(value)));
  }
  onnx::TensorProto& number = *model.mutable_graph()->add_initializer();
  number.set_name("number");
  number.set_data_type(TensorProto::BOOL);
  number.add_int32_data(1);
  onnx::TensorProto& two = *model.mutable_graph()->add_initializer();
  two = number;
  two.set_name("two");
  two.add_int32_data(1);
  EXPECT_EQ(
      constant_conditions(model.SerializeAsString(),
                          {"raw true", "raw false", "number", "two", "missing"}),
      (std::map<std::string, bool>{{"raw true", true}, {"raw false", false}, {"number", true}}));
}

}  // namespace
}  // namespace dnnbench::import
