// What a person types, for messages: in the source tree ./dnnbench and ./bench_model.sh; from a
// package, whose programs lie below the cache (setup/programs.sh), dnnbench alone.
#pragma once

#include <string>

namespace dnnbench {

std::string dnnbench_name();  // "./dnnbench" or "dnnbench"
std::string bench_name();     // "./bench_model.sh" or "dnnbench run"

}  // namespace dnnbench
