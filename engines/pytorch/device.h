// Where a program computes. Without PyTorch's headers.
#pragma once

#include <string>

namespace dnnbench::pytorch {

// The source with every tensor that it makes itself made on that device: TorchScript would make
// them on the CPU.
std::string with_device(const std::string& source, const std::string& device);

// Opens PyTorch's CUDA libraries, before anything asks for CUDA. Throws Error where they are
// missing.
void open_cuda();

}  // namespace dnnbench::pytorch
