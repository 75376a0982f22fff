// Where a program computes. Without PyTorch's headers.
#pragma once

#include <string>

namespace dnnbench::pytorch {

// The source with every tensor that it makes itself made on that device: TorchScript would make
// them on the CPU.
std::string with_device(const std::string& source, const std::string& device);

// Why PyTorch's CUDA libraries are not there; "" when they are.
std::string why_no_cuda();

// Opens them, before anything asks for CUDA. Throws Error where they can't be loaded.
void open_cuda();

}  // namespace dnnbench::pytorch
