// Internal to src/onnx: TensorProto -> Tensor, external data included.
#pragma once

#include <cstdint>
#include <string>

#include "core/tensor.h"
#include "onnx.pb.h"

namespace dnnbench {

// Where external weights lie.
struct ExternalData {
  std::string location;  // as the model names it, relative to the model's folder
  std::string path;
  int64_t offset = 0;  // bytes
};

bool is_external(const onnx::TensorProto& tensor);

// Where an external tensor's bytes are. `folder` is the one of the file that holds the tensor.
// Throws Error when they lie outside the folder, the file is missing, or it is too short.
ExternalData find_external_data(const std::string& name, const onnx::TensorProto& tensor,
                                const std::string& folder);

// Throws Error when the element type or shape makes no sense, or when the bytes stored inside the
// message are not as many as they say. Doesn't look at external data.
void check_tensor(const std::string& name, const onnx::TensorProto& tensor);

// Checks the tensor, then copies its elements. Throws Error.
Tensor to_tensor(const std::string& name, const onnx::TensorProto& tensor,
                 const std::string& folder);

}  // namespace dnnbench
