// A dynamic int8 model: the products MatMul and Gemm in integers, their inputs quantised while the
// model runs, with a scale per inference; weights signed with a scale per channel. Needs no
// calibration. Convolutions stay in f32: with ConvInteger they are several times slower.
#pragma once

#include "quantise/editable_model.h"

namespace dnnbench::quantise {

// Returns how many products are in integers now. In the form that ONNX Runtime's own quantiser
// writes, which engines know. `largest_weight`: quantised_weights.h.
size_t write_dynamic_int8(EditableModel& model, int largest_weight = 127);

}  // namespace dnnbench::quantise
