// Writes results so that a file is there whole or not at all.
#pragma once

#include <string>

#include "results/result.h"

namespace dnnbench {

// Writes result.output_path as write_whole_file does, and throws as that does.
void write_result(const Result& result);

}  // namespace dnnbench
