// The execution providers beside the CPU's: which this program has, how each is asked for, and what
// of that can be read back. CMakeLists.txt builds one program for each package of the library.
#pragma once

#include <map>
#include <string>

#include "gpu/device.h"
#include "library.h"
#include "model_outline.h"
#include "protocol/load_config.h"

namespace dnnbench::ort {

// Whether the provider computes on GPUs, and on nothing else.
bool is_for_gpus(const std::string& provider);

// Why this program can't compute on a GPU with the provider; "" when it can.
std::string why_not_gpu(const std::string& provider);

// Throws Unsupported for a provider, device or precision that this program doesn't have.
void require_supported(const LoadConfig& config);

// Adds config.provider to a session's options; nothing for the CPU's. `gpu` is null on a CPU.
// Throws what check() does. Returns what the library then says of the provider's options.
std::map<std::string, std::string> add_provider(OrtSessionOptions& options,
                                                const LoadConfig& config, const Gpu* gpu);

// The precision in force: by the model's own types, which the CPU's provider computes in. "" for a
// quantised model there, or one with quantised weights, whose kernels must be read (kernels.h).
std::string precision_in_force(const LoadConfig& config, const ModelOutline& outline,
                               const Gpu* gpu);

// Whether the library transforms the graph itself. Not for OpenVINO, which does better with the
// graph as it is in the file (the provider's documentation).
bool optimizes(const LoadConfig& config);

}  // namespace dnnbench::ort
