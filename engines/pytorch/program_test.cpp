#include "program.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench::pytorch {
namespace {

import::ValueType floats(std::vector<int64_t> shape, DataType element = DataType::kFloat32) {
  import::ValueType type;
  type.element = element;
  type.shape = std::move(shape);
  return type;
}

import::Node node(const std::string& op, std::vector<std::string> inputs,
                  std::vector<std::string> outputs, int64_t opset = 17) {
  import::Node node;
  node.op = op;
  node.opset = opset;
  node.inputs = std::move(inputs);
  node.outputs = std::move(outputs);
  return node;
}

// x [2, 3] -> y by the nodes.
import::Graph graph_of(std::vector<import::Node> nodes, DataType element = DataType::kFloat32) {
  import::Graph graph;
  graph.inputs = {{"x", floats({2, 3}, element)}};
  graph.outputs = {{"y", floats({2, 3}, element)}};
  graph.types = {{"x", graph.inputs[0].type}, {"y", graph.outputs[0].type}};
  graph.nodes = std::move(nodes);
  return graph;
}

std::string why_unsupported(const import::Graph& graph) {
  try {
    emit_program(graph);
  } catch (const Unsupported& unsupported) {
    return unsupported.what();
  }
  return "";
}

TEST(EmitProgram, WritesOneLinePerNode) {
  const Program program =
      emit_program(graph_of({node("Relu", {"x"}, {"r"}), node("Exp", {"r"}, {"y"})}));
  EXPECT_EQ(program.source,
            "def forward(self, x0: Tensor):\n"
            "  v1 = torch.relu(x0)\n"
            "  v2 = torch.exp(v1)\n"
            "  return v2\n");
  EXPECT_EQ(program.nodes, 2);
}

TEST(EmitProgram, KeepsConstantsThatAreUsed) {
  import::Graph graph = graph_of({node("Add", {"x", "used"}, {"y"})});
  graph.constants["used"] = import::make_constant(make_tensor(DataType::kFloat32, {3}));
  graph.constants["unused"] = graph.constants["used"];
  const Program program = emit_program(graph);
  ASSERT_EQ(program.constants.size(), 1U);
  EXPECT_NE(program.source.find("x0 + self." + program.constants[0].first), std::string::npos);
}

TEST(EmitProgram, NamesWhatItCanNotExpress) {
  EXPECT_EQ(why_unsupported(graph_of({node("Frobnicate", {"x"}, {"y"}, 9)})),
            "Frobnicate (opset 9), node \"y\": the importer for PyTorch has no such operator");
  EXPECT_NE(why_unsupported(graph_of({node("Add", {"x", "nowhere"}, {"y"})})).find("nowhere"),
            std::string::npos);
  EXPECT_NE(
      why_unsupported(graph_of({node("Relu", {"x"}, {"y"})}, DataType::kString)).find("string"),
      std::string::npos);
}

TEST(EmitProgram, DoesNotGuessWhatAModeMeans) {
  import::Node resize = node("Resize", {"x", "", "scales"}, {"y"});
  resize.attributes["coordinate_transformation_mode"].s = "half_pixels";
  EXPECT_NE(why_unsupported(graph_of({resize})).find("half_pixels"), std::string::npos);
}

TEST(EmitProgram, SoftmaxBeforeOpset13IsOverAMatrix) {
  import::Node softmax = node("Softmax", {"x"}, {"y"}, 11);
  softmax.attributes["axis"].i = 0;
  EXPECT_NE(emit_program(graph_of({softmax})).source.find("torch.flatten"), std::string::npos);
  softmax.opset = 13;
  EXPECT_EQ(emit_program(graph_of({softmax})).source.find("torch.flatten"), std::string::npos);
}

TEST(EmitProgram, HoldsSmallUnsignedTypesWiderAndWrapsThem) {
  const Program program =
      emit_program(graph_of({node("Add", {"x", "x"}, {"y"})}, DataType::kUint16));
  EXPECT_NE(program.source.find("& 65535"), std::string::npos);
  EXPECT_NE(program.source.find("return v2.to(27)"), std::string::npos);
}

TEST(EmitProgram, AnIfBecomesAnIf) {
  auto branch = std::make_shared<import::Graph>();
  branch->nodes = {node("Neg", {"x"}, {"n"})};
  branch->outputs = {{"n", {}}};
  import::Node choice = node("If", {"c"}, {"y"});
  choice.attributes["then_branch"].graph = branch;
  choice.attributes["else_branch"].graph = branch;
  import::Graph graph = graph_of({choice});
  graph.inputs.push_back({"c", floats({}, DataType::kBool)});
  const std::string source = emit_program(graph).source;
  EXPECT_NE(
      source.find("  if bool(x1.reshape([])):\n    v2 = torch.neg(x0)\n    v1 = v2\n  else:\n"),
      std::string::npos)
      << source;
}

}  // namespace
}  // namespace dnnbench::pytorch
