#include "kernels.h"

#include <gtest/gtest.h>

namespace dnnbench::ort {
namespace {

TEST(IsProduct, WhatMultipliesMatrices) {
  for (const char* op : {"Conv", "Gemm", "MatMul", "LSTM", "QLinearConv", "FusedConv"}) {
    EXPECT_TRUE(is_product(op)) << op;
  }
  for (const char* op : {"Shape", "Relu", "Mul", "Gather"}) EXPECT_FALSE(is_product(op)) << op;
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
