#include "emitter.h"

#include <gtest/gtest.h>

#include <set>

namespace dnnbench::tf {
namespace {

import::ValueType float_type(std::vector<int64_t> shape) {
  import::ValueType type;
  type.element = DataType::kFloat32;
  type.shape = std::move(shape);
  return type;
}

import::Node node(const std::string& op, std::vector<std::string> inputs, const std::string& output,
                  std::map<std::string, std::vector<int64_t>> lists = {},
                  std::map<std::string, int64_t> integers = {}) {
  import::Node node;
  node.op = op;
  node.opset = 19;
  node.inputs = std::move(inputs);
  node.outputs = {output};
  for (auto& [name, list] : lists) node.attributes[name].ints = list;
  for (const auto& [name, integer] : integers) node.attributes[name].i = integer;
  return node;
}

// The kinds of operations that x [1, 4, 9, 9] goes through, until y is there in its stored order.
std::multiset<std::string> operations(std::vector<import::Node> nodes) {
  import::Graph model;
  model.types["x"] = float_type({1, 4, 9, 9});
  const std::map<std::string, Shape> weights{
      {"w", {8, 4, 1, 1}}, {"of_two", {8, 2, 1, 1}}, {"of_one", {8, 1, 1, 1}}, {"b", {8}}};
  for (const auto& [name, shape] : weights) {
    model.constants[name] = import::make_constant(make_tensor(DataType::kFloat32, shape));
    model.types[name] = float_type(shape);
  }
  model.nodes = std::move(nodes);
  Graph graph;
  Emitter emitter(graph, model, nullptr);
  emitter.set("x", graph.placeholder("x", TF_FLOAT, Shape{1, 4, 9, 9}));
  emitter.emit_nodes();
  std::multiset<std::string> kinds;
  size_t position = 0;
  while (TF_Operation* operation = TF_GraphNextOperation(graph.get(), &position)) {
    kinds.insert(TF_OperationOpType(operation));
  }
  return kinds;
}

TEST(Emitter, TakesTheMeanOfWholeWindowsAsItIs) {
  const auto pool = [](std::vector<int64_t> pads, int64_t counts_padding) {
    return operations({node("AveragePool", {"x"}, "y", {{"kernel_shape", {3, 3}}, {"pads", pads}},
                            {{"count_include_pad", counts_padding}})});
  };
  const auto counted = pool({1, 1, 1, 1}, 1);
  EXPECT_EQ(counted.count("AvgPool"), 1U);
  EXPECT_EQ(counted.count("Mul") + counted.count("RealDiv"), 0U);
  const auto uncounted = pool({1, 1, 0, 0}, 0);
  EXPECT_EQ(uncounted.count("RealDiv"), 1U);
}

TEST(Emitter, SearchesTheGreatestChannelWhereItLies) {
  const auto kinds =
      operations({node("Conv", {"x", "w"}, "c"), node("ArgMax", {"c"}, "y", {}, {{"axis", 1}})});
  EXPECT_EQ(kinds.count("ArgMax"), 1U);
  EXPECT_EQ(kinds.count("Transpose"), 1U);  // of x
}

// Without oneDNN a BiasAdd would be fused into a kernel that has no groups.
TEST(Emitter, AddsTheBiasOfGroupsSoThatItIsNotFused) {
  const auto conv = [](const char* weights, int64_t groups) {
    return operations({node("Conv", {"x", weights, "b"}, "y", {}, {{"group", groups}})});
  };
  EXPECT_EQ(conv("w", 1).count("BiasAdd"), 1U);
  EXPECT_EQ(conv("of_two", 2).count("BiasAdd"), 0U);
  EXPECT_EQ(conv("of_one", 4).count("BiasAdd"), 1U);  // DepthwiseConv2dNative is not fused
}

}  // namespace
}  // namespace dnnbench::tf
