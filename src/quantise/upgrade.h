// A model of opset 7 to 12 in opset 13, the first with a scale per channel in DequantizeLinear.
#pragma once

#include "quantise/editable_model.h"

namespace dnnbench::quantise {

inline constexpr int64_t kOpsetOfQuantisation = 13;

// Leaves a newer model alone. The model has fixed shapes. Throws UnsupportedNode for an operator
// that can't be expressed in the new opset, Unsupported for an opset below 7.
void upgrade(EditableModel& model);

}  // namespace dnnbench::quantise
