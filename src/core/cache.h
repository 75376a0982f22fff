// Where downloaded engines and generated models live, outside the repository.
#pragma once

#include <string>

namespace dnnbench {

// ${XDG_CACHE_HOME:-~/.cache}/dnn-bench; the same rule as in setup/lib.sh and cmake/DnnBench.cmake.
std::string cache_folder();

// Where an engine keeps the models that it has compiled: the only folder of the cache that its
// process may write.
std::string compiled_folder(const std::string& engine);

}  // namespace dnnbench
