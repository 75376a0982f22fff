#include "program.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace dnnbench::pytorch {
namespace {

import::ValueType float_type(std::vector<int64_t> shape, DataType element = DataType::kFloat32) {
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
  graph.inputs = {{"x", float_type({2, 3}, element)}};
  graph.outputs = {{"y", float_type({2, 3}, element)}};
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
            "  return v2.contiguous()\n");
  EXPECT_EQ(program.nodes, 2);
}

TEST(EmitProgram, WritesItsOutputsInTheModelsOrder) {
  import::Node transpose = node("Transpose", {"x"}, {"y"});
  transpose.attributes["perm"].ints = {1, 0};
  const std::string source = emit_program(graph_of({transpose})).source;
  EXPECT_NE(source.find("return v1.contiguous()"), std::string::npos) << source;
}

// y = op(x, a constant), written as one line.
std::string with_constant(const std::string& op, std::vector<double> values, DataType type,
                          std::vector<int64_t> shape) {
  import::Graph graph = graph_of({node(op, {"x", "c"}, {"y"})});
  Tensor tensor = make_tensor(type, std::move(shape));
  from_doubles(values, tensor);
  graph.constants["c"] = import::make_constant(std::move(tensor));
  return emit_program(graph).source;
}

TEST(EmitProgram, GivesAConstantExponentAsANumber) {
  for (const DataType type : {DataType::kFloat32, DataType::kInt64}) {
    EXPECT_NE(with_constant("Pow", {3}, type, {1}).find("torch.pow(x0, 3.0)"), std::string::npos);
  }
  // One more dimension is one more of the result.
  EXPECT_EQ(with_constant("Pow", {3}, DataType::kFloat32, {1, 1, 1}).find("torch.pow(x0, 3.0)"),
            std::string::npos);
  EXPECT_EQ(with_constant("Pow", {1, 2, 3}, DataType::kFloat32, {3}).find("torch.pow(x0, 1.0)"),
            std::string::npos);
}

TEST(EmitProgram, TakesPReluForASlopeOfEachChannel) {
  const auto calls_prelu = [](std::vector<double> values, std::vector<int64_t> shape) {
    return with_constant("PRelu", std::move(values), DataType::kFloat32, std::move(shape))
               .find("torch.prelu(x0, self.c1.reshape([-1]))") != std::string::npos;
  };
  EXPECT_TRUE(calls_prelu({0.5}, {1}));
  EXPECT_TRUE(calls_prelu({0.5}, {}));
  EXPECT_TRUE(calls_prelu({1, 2, 3}, {3}));
  EXPECT_TRUE(calls_prelu({1, 2, 3}, {1, 3}));
  EXPECT_FALSE(calls_prelu({1, 2}, {2, 1}));
  EXPECT_FALSE(calls_prelu({1, 2, 3, 4, 5, 6}, {2, 3}));
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

TEST(EmitProgram, ResizesVolumesWithTheLibrarysFunctions) {
  import::Node resize = node("Resize", {"x", "", "c"}, {"y"});
  const auto source = [&](const char* mode, const char* coordinates) {
    resize.attributes["mode"].s = mode;
    resize.attributes["coordinate_transformation_mode"].s = coordinates;
    resize.attributes["nearest_mode"].s = "floor";
    import::Graph graph;
    graph.inputs = {{"x", float_type({1, 2, 4, 5, 6})}};
    graph.outputs = {{"y", float_type({1, 2, 8, 10, 12})}};
    Tensor scales = make_tensor(DataType::kFloat32, {5});
    from_doubles(std::vector<double>{1, 1, 2, 2, 2}, scales);
    graph.constants["c"] = import::make_constant(std::move(scales));
    graph.nodes = {resize};
    return emit_program(graph).source;
  };
  EXPECT_NE(
      source("linear", "half_pixel").find("torch.upsample_trilinear3d(x0, [8, 10, 12], False)"),
      std::string::npos);
  EXPECT_NE(source("nearest", "asymmetric").find("torch.upsample_nearest3d(x0, [8, 10, 12])"),
            std::string::npos);
}

TEST(EmitProgram, SoftmaxBeforeOpset13IsOverAMatrix) {
  import::Node softmax = node("Softmax", {"x"}, {"y"}, 11);
  softmax.attributes["axis"].i = 0;
  EXPECT_NE(emit_program(graph_of({softmax})).source.find("torch.flatten"), std::string::npos);
  softmax.opset = 13;
  EXPECT_EQ(emit_program(graph_of({softmax})).source.find("torch.flatten"), std::string::npos);
}

TEST(EmitProgram, SearchesTheExtremeInOnePass) {
  import::Node arg_max = node("ArgMax", {"x"}, {"y"});
  EXPECT_NE(emit_program(graph_of({arg_max})).source.find("torch.argmax(x0, 0, True)"),
            std::string::npos);
  arg_max.attributes["select_last_index"].i = 1;
  EXPECT_NE(emit_program(graph_of({arg_max}))
                .source.find("x0.size(0) - 1 - torch.argmax(torch.flip(x0, [0]), 0, True)"),
            std::string::npos);
}

TEST(EmitProgram, HoldsSmallUnsignedTypesWiderAndWrapsThem) {
  const Program program =
      emit_program(graph_of({node("Add", {"x", "x"}, {"y"})}, DataType::kUint16));
  EXPECT_NE(program.source.find("& 65535"), std::string::npos);
  EXPECT_NE(program.source.find("return v2.to(27).contiguous()"), std::string::npos);
}

TEST(EmitProgram, AnIfBecomesAnIf) {
  auto branch = std::make_shared<import::Graph>();
  branch->nodes = {node("Neg", {"x"}, {"n"})};
  branch->outputs = {{"n", {}}};
  import::Node choice = node("If", {"c"}, {"y"});
  choice.attributes["then_branch"].graph = branch;
  choice.attributes["else_branch"].graph = branch;
  import::Graph graph = graph_of({choice});
  graph.inputs.push_back({"c", float_type({}, DataType::kBool)});
  const std::string source = emit_program(graph).source;
  EXPECT_NE(
      source.find("  if bool(x1.reshape([])):\n    v2 = torch.neg(x0)\n    v1 = v2\n  else:\n"),
      std::string::npos)
      << source;
}

}  // namespace
}  // namespace dnnbench::pytorch
