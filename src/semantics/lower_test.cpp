#include "lower.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "core/error.h"

namespace dnnbench::semantics {
namespace {

const HasForm kHasNone = [](const import::Node&) { return false; };

import::Node node(const std::string& op, const std::vector<std::string>& inputs,
                  const std::vector<std::string>& outputs, const std::string& domain = "") {
  import::Node made;
  made.op = op;
  made.domain = domain;
  made.opset = domain.empty() ? 21 : 1;
  made.name = "here";
  made.inputs = inputs;
  made.outputs = outputs;
  return made;
}

void describe(import::Graph& graph, const std::string& name, std::vector<int64_t> shape,
              DataType type = DataType::kFloat32) {
  graph.types[name] = {import::ValueType::Kind::kTensor, type, std::move(shape)};
}

std::vector<std::string> operators(const import::Graph& graph) {
  std::vector<std::string> names;
  for (const import::Node& node : graph.nodes) names.push_back(node.op);
  return names;
}

using Names = std::vector<std::string>;

TEST(Lower, WritesACompositeAsCoreOperators) {
  import::Graph graph;
  describe(graph, "x", {2, 3});
  graph.nodes = {node("Relu", {"x"}, {"r"}), node("BiasGelu", {"r", "b"}, {"y"}, "com.microsoft")};
  lower(graph, kHasNone);
  EXPECT_EQ(operators(graph), (Names{"Relu", "Add", "Gelu"}));
  EXPECT_EQ(graph.nodes[1].inputs, (Names{"r", "b"}));
  EXPECT_EQ(graph.nodes[2].inputs, graph.nodes[1].outputs);
  EXPECT_EQ(graph.nodes[2].outputs, Names{"y"});
  EXPECT_EQ(graph.nodes[2].name, "here");
}

TEST(Lower, LeavesWhatTheImporterHasAFormOf) {
  import::Graph graph;
  graph.nodes = {node("GroupNormalization", {"x", "s", "b"}, {"y"})};
  lower(graph, [](const import::Node& node) { return node.op == "GroupNormalization"; });
  EXPECT_EQ(operators(graph), Names{"GroupNormalization"});
}

TEST(Lower, LeavesOperatorsThatItDoesNotKnow) {
  import::Graph graph;
  graph.nodes = {node("Unheard", {"x"}, {"y"}, "com.example")};
  lower(graph, kHasNone);
  EXPECT_EQ(operators(graph), Names{"Unheard"});
}

TEST(Lower, StatesTheTypesOfTheConstantsThatItMakes) {
  import::Graph graph;
  describe(graph, "x", {2, 3});
  import::Node product = node("FusedMatMul", {"x", "w"}, {"y"}, "com.microsoft");
  product.attributes["alpha"].f = 0.5;
  graph.nodes = {product};
  lower(graph, kHasNone);
  ASSERT_EQ(operators(graph), (Names{"MatMul", "Mul"}));
  const std::string factor = graph.nodes[1].inputs[1];
  ASSERT_NE(graph.constant(factor), nullptr);
  EXPECT_EQ(graph.constant(factor)->doubles(), std::vector<double>{0.5});
  ASSERT_NE(graph.type_of(factor), nullptr);
  EXPECT_EQ(graph.type_of(factor)->element, DataType::kFloat32);
}

TEST(Lower, GivesAValueThatIsUsedAndPutOutTheOutputsName) {
  import::Graph graph;
  describe(graph, "x", {2, 3, 4});
  graph.nodes = {
      node("SkipLayerNormalization", {"x", "s", "g", "b"}, {"y", "", "", "sum"}, "com.microsoft")};
  lower(graph, kHasNone);
  ASSERT_EQ(operators(graph), (Names{"Add", "LayerNormalization"}));
  EXPECT_EQ(graph.nodes[0].outputs, Names{"sum"});
  EXPECT_EQ(graph.nodes[1].inputs[0], "sum");
}

TEST(Lower, WorksInSubgraphsWithTheTypesOfTheGraphsAround) {
  auto inner = std::make_shared<import::Graph>();
  inner->nodes = {node("QuickGelu", {"x"}, {"y"}, "com.microsoft"),
                  node("FusedMatMul", {"x", "y"}, {"z"}, "com.microsoft")};
  inner->nodes[1].attributes["transA"].i = 1;
  import::Graph graph;
  describe(graph, "x", {2, 3});
  import::Node branch = node("If", {"c"}, {"out"});
  branch.attributes["then_branch"].graph = inner;
  graph.nodes = {branch};
  lower(graph, kHasNone);
  const import::Graph& lowered = *graph.nodes[0].attributes["then_branch"].graph;
  EXPECT_EQ(operators(lowered), (Names{"Swish", "Transpose", "MatMul"}));
  EXPECT_EQ(lowered.nodes[1].attributes.at("perm").ints, (std::vector<int64_t>{1, 0}));
  EXPECT_EQ(inner->nodes.size(), 2U);  // the graph that it was read into stays
}

TEST(Lower, CapsTheScoresBeforeItMasksThem) {
  import::Graph graph;
  for (const char* name : {"q", "k", "v"}) describe(graph, name, {1, 2, 3, 4});
  describe(graph, "m", {3, 3});
  import::Node attention = node("Attention", {"q", "k", "v", "m"}, {"y"});
  attention.attributes["softcap"].f = 2;
  graph.nodes = {attention};
  lower(graph, kHasNone);
  EXPECT_EQ(operators(graph), (Names{"Mul", "Transpose", "Mul", "MatMul", "Mul", "Tanh", "Mul",
                                     "Add", "Softmax", "MatMul", "ReduceMax", "Greater", "Where"}));
}

TEST(Lower, NormalisesTheGroupsOfAnEmptyBatch) {
  import::Graph graph;
  describe(graph, "x", {0, 4, 3});
  graph.nodes = {node("GroupNormalization", {"x", "s", "b"}, {"y"})};
  graph.nodes[0].attributes["num_groups"].i = 2;
  lower(graph, kHasNone);
  const auto rows = std::find_if(graph.types.begin(), graph.types.end(), [](const auto& value) {
    return value.second.shape == std::vector<int64_t>{0, 2, 6};
  });
  EXPECT_NE(rows, graph.types.end());
}

TEST(Lower, NamesTheNodeThatItCanNotLower) {
  import::Graph graph;
  describe(graph, "x", {2, 3});
  graph.nodes = {node("FusedConv", {"x", "w"}, {"y"}, "com.microsoft")};
  graph.nodes[0].attributes["activation"].s = "Gelu";
  try {
    lower(graph, kHasNone);
    FAIL();
  } catch (const Unsupported& why) {
    EXPECT_STREQ(why.what(),
                 "com.microsoft.FusedConv (opset 1), node \"here\": it has the activation Gelu");
  }
}

}  // namespace
}  // namespace dnnbench::semantics
