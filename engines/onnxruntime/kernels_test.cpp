#include "kernels.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dnnbench::ort {
namespace {

TEST(IsProduct, WhatMultipliesMatrices) {
  for (const char* op : {"Conv", "Gemm", "MatMul", "LSTM", "QLinearConv", "FusedConv"}) {
    EXPECT_TRUE(is_product(op)) << op;
  }
  for (const char* op : {"Shape", "Relu", "Mul", "Gather"}) EXPECT_FALSE(is_product(op)) << op;
}

Kernels kernels_of(const std::vector<std::string>& operators) {
  import::Graph graph;
  for (const std::string& op : operators) {
    import::Node node;
    node.op = op;
    node.outputs = {"y" + std::to_string(graph.nodes.size())};
    graph.nodes.push_back(std::move(node));
  }
  return count_kernels(graph);
}

TEST(CountKernels, AllProductsDecideAboutThePrecision) {
  const Kernels up = kernels_of({"QLinearConv", "QLinearConv", "ConvTranspose", "Softmax"});
  EXPECT_EQ(up.precision, "mixed");
  EXPECT_EQ(up.products, "int8 2, f32 1");
  EXPECT_EQ(up.operators, "ConvTranspose 1, Softmax 1");
  EXPECT_EQ(kernels_of({"LSTM", "DequantizeLinear"}).precision, "f32");
  EXPECT_EQ(kernels_of({"QAttention", "QLinearConvTranspose", "QGemm"}).products, "int8 3");
  EXPECT_EQ(kernels_of({"QAttention", "QLinearConvTranspose", "QGemm"}).precision, "int8");
  EXPECT_EQ(kernels_of({"QLinearConv", "MatMul"}).precision, "mixed");
  EXPECT_EQ(kernels_of({"QLinearConv", "QLinearAdd", "Reshape"}).operators, "");
}

// DequantizeLinear and MatMul become such a node.
TEST(CountKernels, AProductOfWeightsInFewBitsSaysWhetherTheOtherFactorIsRounded) {
  for (const int64_t accuracy : {0, 1, 4}) {
    import::Graph graph;
    import::Node node;
    node.op = "MatMulNBits";
    node.outputs = {"y"};
    if (accuracy > 0) node.attributes["accuracy_level"].i = accuracy;
    graph.nodes.push_back(node);
    const Kernels kernels = count_kernels(graph);
    EXPECT_EQ(kernels.precision, accuracy == 4 ? "int8" : "f32");
    EXPECT_EQ(kernels.operators, accuracy == 4 ? "" : "MatMulNBits 1");
  }
}

TEST(CountKernels, AProductIsOfItsOutputsType) {
  import::Graph graph;
  import::Node node;
  node.op = "MatMul";
  node.outputs = {"y"};
  graph.nodes.push_back(node);
  graph.types["y"].element = DataType::kFloat16;
  EXPECT_EQ(count_kernels(graph).precision, "f16");
  node.op = "MatMulNBits";
  node.outputs = {"z"};
  graph.nodes.push_back(node);
  graph.types["z"].element = DataType::kFloat32;
  EXPECT_EQ(count_kernels(graph).precision, "mixed");
}

TEST(CountKernels, OfSubgraphsToo) {
  auto body = std::make_shared<import::Graph>();
  import::Node product, loop;
  product.op = "QLinearMatMul";
  product.outputs = {"a"};
  body->nodes.push_back(product);
  loop.op = "Loop";
  loop.outputs = {"b"};
  loop.attributes["body"].graph = body;
  import::Graph graph;
  graph.nodes.push_back(loop);
  EXPECT_EQ(count_kernels(graph).precision, "int8");
}

TEST(WhyProductsAreNotOnGpu, FromHalfOfThemOn) {
  EXPECT_EQ(why_products_are_not_on_gpu(0, 0), "");
  EXPECT_EQ(why_products_are_not_on_gpu(0, 53), "");
  EXPECT_EQ(why_products_are_not_on_gpu(4, 6), "");
  EXPECT_EQ(why_products_are_not_on_gpu(6, 6),
            "6 of its 12 convolutions and matrix products run on the CPU, so this would not be a "
            "GPU's result");
  EXPECT_NE(why_products_are_not_on_gpu(1, 0), "");
}

}  // namespace
}  // namespace dnnbench::ort
