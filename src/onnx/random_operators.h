// Internal to src/onnx: operators whose outputs differ from run to run and from engine to engine,
// so that nothing can be verified behind them.
#pragma once

#include <string>
#include <vector>

#include "import/read_model.h"

namespace dnnbench {

// "RandomNormal (node noise)", in the graph's order. Dropout counts in its training mode only
// (https://onnx.ai/onnx/operators/onnx__Dropout.html).
std::vector<std::string> find_random_operators(const import::ModelFile& model);

}  // namespace dnnbench
