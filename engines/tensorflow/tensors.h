// Tensors and element types between this project's form and TensorFlow's. Every element type that
// both know is copied bit by bit.
#pragma once

#include <tensorflow/c/c_api.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace dnnbench::tf {

using OwnedTensor = std::unique_ptr<TF_Tensor, decltype(&TF_DeleteTensor)>;

// nullopt for an element type that TensorFlow lacks, or in which it computes nothing (float8,
// float4, four-bit integers).
std::optional<TF_DataType> find_type(DataType type);

// Throws Unsupported for those.
TF_DataType to_tensorflow(DataType type);

// kUndefined for a type that ONNX lacks.
DataType from_tensorflow(TF_DataType type);

// Real, of any width.
bool is_floating(TF_DataType type);

// Copies. Throws Unsupported for an element type that TensorFlow lacks.
OwnedTensor to_tensorflow(const Tensor& tensor);
OwnedTensor to_tensorflow(DataType type, std::span<const int64_t> shape,
                          std::span<const std::byte> bytes, std::span<const std::string> strings);

// Copies. Throws Unsupported for an element type that ONNX lacks.
Tensor from_tensorflow(const TF_Tensor& tensor);

}  // namespace dnnbench::tf
