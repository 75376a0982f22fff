// Element types between ONNX and PyTorch.
//
// PyTorch computes little with uint16, uint32 and uint64. A program holds them as int32, int64 and
// int64 (bit by bit) and converts at its inputs and outputs; see Operation::out for the wrapping.
#pragma once

#include "core/tensor.h"

namespace dnnbench::pytorch {

// c10::ScalarType's number, which is what TorchScript's source has for a dtype. Throws Unsupported
// for a type that the library lacks or can't compute with.
int scalar_type(DataType type);

// The type in which a program holds elements of `type`.
DataType held_as(DataType type);

}  // namespace dnnbench::pytorch
