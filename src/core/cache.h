// Where downloaded engines and generated models live, outside the repository.
#pragma once

#include <string>

namespace dnnbench {

// ${XDG_CACHE_HOME:-~/.cache}/dnn-bench; the same rule as in setup/lib.sh and cmake/DnnBench.cmake.
std::string cache_folder();

}  // namespace dnnbench
