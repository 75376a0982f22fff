// Whether two models answer the same question, so that one's outputs can be judged by the other's.
#pragma once

#include "onnx/model.h"
#include "onnx/shapes.h"

namespace dnnbench {

// Throws UsageError unless both have the same inputs and outputs in the same order: names, kinds,
// types, and every size that both state.
void require_same_task(const Model& first, const Model& other);

// Throws UsageError where the model fixes a size of an input otherwise than these shapes.
void require_shapes(const Model& model, const InputShapes& shapes);

}  // namespace dnnbench
