#include "int8.h"

#include <gtest/gtest.h>

namespace dnnbench::pytorch {
namespace {

import::ValueType typed(DataType element, std::vector<int64_t> shape) {
  import::ValueType type;
  type.element = element;
  type.shape = std::move(shape);
  return type;
}

// x -> [pair] -> Conv -> Relu -> [pair] -> y, where a pair is QuantizeLinear and DequantizeLinear.
class QuantisedConvolution : public ::testing::Test {
 protected:
  QuantisedConvolution() {
    graph_.inputs = {{"x", typed(DataType::kFloat32, {1, 2, 4, 4})}};
    graph_.outputs = {{"y", typed(DataType::kFloat32, {1, 3, 4, 4})}};
    add("scale", f32({0.5}));
    add("zero", make_tensor(DataType::kUint8, {}));
    Tensor weights = make_tensor(DataType::kInt8, {3, 2, 1, 1});
    add("w", weights);
    add("w_scale", f32({0.1, 0.2, 0.3}));
    node("QuantizeLinear", {"x", "scale", "zero"}, "xq");
    node("DequantizeLinear", {"xq", "scale", "zero"}, "xd");
    node("DequantizeLinear", {"w", "w_scale"}, "wd").attributes["axis"].i = 0;
    node("Conv", {"xd", "wd"}, "c");
    node("Relu", {"c"}, "r");
    node("QuantizeLinear", {"r", "scale", "zero"}, "rq");
    node("DequantizeLinear", {"rq", "scale", "zero"}, "y");
  }

  static Tensor f32(const std::vector<double>& values) {
    Tensor tensor = make_tensor(DataType::kFloat32, {static_cast<int64_t>(values.size())});
    from_doubles(values, tensor);
    return tensor;
  }

  void add(const std::string& name, Tensor tensor) {
    graph_.types[name] = typed(tensor.type, tensor.shape);
    graph_.constants[name] = import::make_constant(std::move(tensor));
  }

  import::Node& node(const std::string& op, std::vector<std::string> inputs,
                     const std::string& output) {
    import::Node node;
    node.op = op;
    node.opset = 13;
    node.inputs = std::move(inputs);
    node.outputs = {output};
    graph_.nodes.push_back(node);
    return graph_.nodes.back();
  }

  std::vector<std::string> operators() const {
    std::vector<std::string> names;
    for (const import::Node& node : graph_.nodes) names.push_back(import::qualified_op(node));
    return names;
  }

  import::Graph graph_;
};

TEST_F(QuantisedConvolution, BecomesOneOperator) {
  const Int8Fusion fusion = fuse_int8(graph_);
  EXPECT_EQ(fusion.products, 1);
  EXPECT_FALSE(fusion.left);
  EXPECT_EQ(operators(),
            (std::vector<std::string>{"onednn.Quantize", "onednn.Conv", "onednn.Dequantize"}));
  const import::Node& conv = graph_.nodes[1];
  EXPECT_EQ(conv.inputs, (std::vector<std::string>{"xq", "w", "w_scale"}));
  EXPECT_EQ(conv.outputs, std::vector<std::string>{"rq"});
  EXPECT_EQ(conv.text("activation", ""), "relu");
  EXPECT_EQ(conv.number("x_scale", 0), 0.5);
  EXPECT_EQ(conv.number("y_scale", 0), 0.5);
}

TEST_F(QuantisedConvolution, GivesFloatsWhereTheyAreReadToo) {
  graph_.outputs.push_back({"r", typed(DataType::kFloat32, {1, 3, 4, 4})});
  EXPECT_EQ(fuse_int8(graph_).products, 1);
  EXPECT_EQ(operators(), (std::vector<std::string>{"onednn.Quantize", "onednn.Conv",
                                                   "onednn.Quantize", "onednn.Dequantize"}));
  EXPECT_EQ(graph_.nodes[1].outputs, std::vector<std::string>{"r"});
  EXPECT_EQ(graph_.nodes[1].attribute("y_scale"), nullptr);
}

TEST_F(QuantisedConvolution, IsLeftWithTheReasonWhereTheLibraryCanNot) {
  graph_.constants["zero"] = import::make_constant(make_tensor(DataType::kInt8, {}));
  const Int8Fusion fusion = fuse_int8(graph_);
  EXPECT_EQ(fusion.products, 0);
  ASSERT_TRUE(fusion.left);
  EXPECT_NE(fusion.left->find("Conv (opset 13), node \"c\""), std::string::npos);
  EXPECT_NE(fusion.left->find("uint8 inputs"), std::string::npos);
}

TEST_F(QuantisedConvolution, OfScalesAlongAnotherAxisIsLeft) {
  for (import::Node& one : graph_.nodes) {
    if (one.outputs[0] == "wd") one.attributes["axis"].i = 1;
  }
  EXPECT_EQ(fuse_int8(graph_).products, 0);
}

TEST_F(QuantisedConvolution, OfF32WeightsStays) {
  for (import::Node& one : graph_.nodes) {
    if (one.op == "Conv") one.inputs[1] = "w_f32";
  }
  add("w_f32", make_tensor(DataType::kFloat32, {3, 2, 1, 1}));
  const Int8Fusion fusion = fuse_int8(graph_);
  EXPECT_EQ(fusion.products, 0);
  EXPECT_FALSE(fusion.left);
}

TEST_F(QuantisedConvolution, IsPooledInEightBits) {
  graph_.nodes.back().outputs = {"rd"};
  node("MaxPool", {"rd"}, "m");
  node("QuantizeLinear", {"m", "scale", "zero"}, "mq");
  node("DequantizeLinear", {"mq", "scale", "zero"}, "y");
  fuse_int8(graph_);
  EXPECT_EQ(operators(), (std::vector<std::string>{"onednn.Quantize", "onednn.Conv", "MaxPool",
                                                   "onednn.Dequantize"}));
  EXPECT_EQ(graph_.nodes[2].inputs[0], "rq");
}

TEST_F(QuantisedConvolution, IsAddedInEightBits) {
  graph_.nodes.back().outputs = {"rd"};
  graph_.types["rq"] = typed(DataType::kUint8, {1, 3, 4, 4});
  node("Add", {"rd", "rd"}, "a");
  node("QuantizeLinear", {"a", "scale", "zero"}, "aq");
  node("DequantizeLinear", {"aq", "scale", "zero"}, "y");
  fuse_int8(graph_);
  EXPECT_EQ(operators(), (std::vector<std::string>{"onednn.Quantize", "onednn.Conv", "onednn.Add",
                                                   "onednn.Dequantize"}));
}

}  // namespace
}  // namespace dnnbench::pytorch
