// The library's basic optimisations, for the engines that import (src/import/simplify.h).
#pragma once

#include <string>

#include "protocol/load_config.h"

namespace dnnbench::ort {

// Writes the model's simplified form to `path` and returns the seconds that took, the library's
// loading not counted. Where it replaced If nodes, also writes config.inlined_path, if that is
// asked for and can be done. `with_weights` keeps the weights inside, where they take part in the
// folding. Throws what check() does.
double simplify(const LoadConfig& config, const std::string& path, bool with_weights);

}  // namespace dnnbench::ort
