// Tensors between this project's form and OpenVINO's. Every element type that both know is copied
// bit by bit.
#pragma once

#include <openvino/runtime/tensor.hpp>

#include "core/tensor.h"

namespace dnnbench {

// Throws Unsupported for an element type that OpenVINO lacks (complex, float8 FNUZ).
ov::element::Type to_openvino(DataType type);

// kUndefined for a type that ONNX lacks.
DataType from_openvino(const ov::element::Type& type);

// Copies.
ov::Tensor to_openvino(const Tensor& tensor);

// Copies. Throws Unsupported for an element type that ONNX lacks.
Tensor from_openvino(const ov::Tensor& tensor);

}  // namespace dnnbench
