// Which kernels the library really has on CPUs. An operation that the graph takes but for whose
// types there is no kernel fails only when it first runs; asking beforehand lets an emitter compute
// in another type, or say `unsupported` and why.
#pragma once

#include <tensorflow/c/c_api.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dnnbench::tf {

// Whether `operation` has a CPU kernel when its type attribute has that type and the others are
// left open: has_kernel("Conv2D", "T", TF_HALF). The registry is asked once an operation.
bool has_kernel(const std::string& operation, const std::string& attribute, TF_DataType type);

// Whether an operation of the graph has a CPU kernel for all its types.
bool has_kernel(TF_Operation* operation);

}  // namespace dnnbench::tf
