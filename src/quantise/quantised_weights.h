// Weights in signed 8 bits, symmetric, with a scale per channel of the output.
#pragma once

#include <vector>

#include "import/graph.h"

namespace dnnbench::quantise {

struct QuantisedWeights {
  Tensor values;              // int8, in the weights' shape
  std::vector<double> scale;  // by channel, each exact in f32
  size_t axis = 0;            // of the channels
};

// `min_scale` by channel bounds the scale from below; empty where nothing does.
QuantisedWeights quantise_weights(const import::Constant& weights, size_t axis,
                                  const std::vector<double>& min_scale = {});

}  // namespace dnnbench::quantise
