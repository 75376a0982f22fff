#include "core/cache.h"

#include <cstdlib>

namespace dnnbench {

std::string cache_folder() {
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache != '\0') return std::string(cache) + "/dnn-bench";
  const char* const home = std::getenv("HOME");
  return std::string(home == nullptr ? "" : home) + "/.cache/dnn-bench";
}

std::string compiled_folder(const std::string& engine) {
  return cache_folder() + "/compiled/" + engine;
}

}  // namespace dnnbench
