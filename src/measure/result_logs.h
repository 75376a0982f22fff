// The logs of a result's engine: what its processes and its library printed.
#pragma once

#include <string>

#include "results/result.h"

namespace dnnbench {

// The first process's, in the folder of the result.
std::string log_path_of(const Subject& subject);

void remove_log(const Subject& subject);

// Of all its processes and settings.
void remove_empty_logs(const Subject& subject);

}  // namespace dnnbench
