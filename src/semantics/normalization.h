// Normalisations in plain numbers: BatchNormalization
// (https://onnx.ai/onnx/operators/onnx__BatchNormalization.html), LayerNormalization
// (https://onnx.ai/onnx/operators/onnx__LayerNormalization.html), RMSNormalization.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/tensor.h"
#include "import/graph.h"

namespace dnnbench::semantics {

// What is added to a variance. All normalisations have the same default.
double read_epsilon(const import::Node& node);

struct BatchNormalization {
  double epsilon = 1e-5;
  double momentum = 0.9;  // the share of the running statistics that stays
  bool training = false;  // by the batch's own statistics; outputs 1 and 2 are running ones
};

// Training is an attribute from opset 14 on, and before is what the number of outputs (opset 7 to
// 13) or is_test says. Throws Unsupported for training before opset 14, whose outputs are others,
// and for statistics of each element (spatial = 0).
BatchNormalization read_batch_normalization(const import::Node& node);

// LayerNormalization and RMSNormalization.
struct LayerNormalization {
  double epsilon = 1e-5;
  std::vector<int64_t> axes;                 // normalised, ascending, counted from 0
  DataType statistics = DataType::kFloat32;  // of the outputs mean and inverse deviation
  DataType computed = DataType::kFloat32;    // until scale and bias are applied
};

// `input`: the type of the first input. f64 stays f64 whatever stash_type says, as in ONNX Runtime.
// Throws Unsupported for an axis outside the rank and a stash_type that is not floating.
LayerNormalization read_layer_normalization(const import::Node& node, DataType input, size_t rank);

// Whether scale and bias of GroupNormalization are one per group (before opset 21), not one per
// channel.
bool has_parameters_per_group(const import::Node& node);

}  // namespace dnnbench::semantics
