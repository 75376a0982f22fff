// Quantisation by a tensor's own range, as DynamicQuantizeLinear does it.
#pragma once

#include "graph.h"

namespace dnnbench::tf {

struct Quantized {
  Out value;  // uint8
  Out scale;  // f32[]
  Out zero;   // uint8[]
};

// f32 to uint8, with a scale found from the tensor's range, which includes 0.
Quantized quantize_by_range(Graph& g, Out x);

// What quantisation leaves of a tensor, in f32.
Out quantized_and_back(Graph& g, Out x);

}  // namespace dnnbench::tf
