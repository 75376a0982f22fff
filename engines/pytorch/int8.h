// Int8 as the library computes it. A quantised model says it in f32: DequantizeLinear, an operator,
// QuantizeLinear. Here such groups become one node each, in the domain "onednn", which
// operators/int8.cpp writes as oneDNN's int8 operators.
#pragma once

#include <optional>
#include <string>

#include "import/graph.h"

namespace dnnbench::pytorch {

// Nodes of the domain "onednn". Scales and zero points of activations are attributes, uint8;
// weights are int8, symmetric, with a scale per channel or one for all.
//   Conv (x, weights, scales, bias): 2-D; Conv's attributes, x_scale, x_zero_point, and with
//     y_scale, y_zero_point the output is quantised too; activation ("none", "relu", "hardtanh")
//     with low and high
//   Linear (x, weights, scales, bias): as Conv; weights [K, N], or [N, K] with transB
//   DynamicLinear (x, x_scale, x_zero_point, weights, scales, bias)
//   Add (a, b): a_scale, a_zero_point, b_scale, ..., y_scale, ...; activation: "none" or "relu"
//   Quantize (x), Dequantize (x): scale, zero_point
struct Int8Fusion {
  int64_t products = 0;             // Conv, Gemm and MatMul that are in int8 now
  std::optional<std::string> left;  // why one that the model has in int8 isn't, with the node
};

// Changes the main graph, where it has such a product.
Int8Fusion fuse_int8(import::Graph& graph);

}  // namespace dnnbench::pytorch
