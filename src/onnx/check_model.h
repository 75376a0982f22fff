// Internal to src/onnx: what a file must fulfil before any engine is asked to read it.
#pragma once

#include <string>
#include <vector>

#include "onnx.pb.h"

namespace dnnbench {

// Throws Error for the first thing wrong: no graph, a version that is missing or newer than the
// reference reads, an operator that is neither a known domain's nor the model's own function, a
// broken tensor, or external weights that are not there. `folder` holds the model's file.
void check_model(const std::string& path, const std::string& folder, const onnx::ModelProto& model);

}  // namespace dnnbench
