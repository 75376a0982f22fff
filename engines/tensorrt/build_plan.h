// From an ONNX model to TensorRT's plan for one GPU: parser, builder. Takes minutes.
#pragma once

#include <string>

#include "library.h"
#include "protocol/load_config.h"

namespace dnnbench::tensorrt {

// Throws Unsupported for what the parser has no implementation of, otherwise Error.
std::string build_plan(Library& library, const LoadConfig& config);

// What a plan depends on beside model, library and GPU: "precision=f32;x=1,3,224,224".
std::string settings_of(const LoadConfig& config);

}  // namespace dnnbench::tensorrt
