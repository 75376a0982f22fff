// Internal to src/onnx: what a model must fulfil before any engine is asked to read it.
#pragma once

#include <string>

#include "import/read_model.h"

namespace dnnbench {

// Throws Error for the first thing wrong: no graph, a version that is missing or newer than the
// reference reads, or an operator that is neither a known domain's nor the model's own function.
void check_model(const std::string& path, const import::ModelFile& model);

}  // namespace dnnbench
