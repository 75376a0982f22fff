// Weights in signed 8 bits, symmetric, with a scale per channel of the output.
#pragma once

#include <vector>

#include "import/graph.h"
#include "machine/environment.h"

namespace dnnbench::quantise {

struct QuantisedWeights {
  Tensor values;              // int8, in the weights' shape
  std::vector<double> scale;  // by channel, each exact in f32
  size_t axis = 0;            // of the channels
};

// The magnitude of the largest weight. 127, but 64 on an x86 processor without instructions for
// int8: its kernels add two products with unsigned 8 bits in 16, which holds 2 * 255 * 64 and no
// more (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html,
// "reduce_range").
int largest_weight(const Environment& environment);

// `min_scale` by channel bounds the scale from below; empty where nothing does.
QuantisedWeights quantise_weights(const import::Constant& weights, size_t axis, int largest,
                                  const std::vector<double>& min_scale = {});

}  // namespace dnnbench::quantise
