// Writes results so that a file is there whole or not at all.
#pragma once

#include <string>

#include "results/result.h"

namespace dnnbench {

// Where write_result writes before it renames.
std::string unfinished_path(const std::string& output_path);

// Writes result.output_path: a temporary file in the same folder, fsync, rename. Throws Error when
// that fails; an earlier file of that name then is untouched.
void write_result(const Result& result);

}  // namespace dnnbench
