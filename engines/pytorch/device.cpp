#include "device.h"

#include <dlfcn.h>
#include <unistd.h>

#include <array>

#include "core/cache.h"
#include "core/commands.h"
#include "core/error.h"

namespace dnnbench::pytorch {
namespace {

// The place of the bracket that closes the one at `open`; strings hold any.
size_t closing(const std::string& source, size_t open) {
  int depth = 0;
  char quote = 0;
  for (size_t at = open; at < source.size(); ++at) {
    const char c = source[at];
    if (quote != 0) {
      if (c == '\\')
        ++at;
      else if (c == quote)
        quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && --depth == 0) {
      return at;
    }
  }
  return std::string::npos;
}

std::string cuda_library(const std::string& name) {
  return cache_folder() + "/" DNNBENCH_PYTORCH_CUDA "/" + name;
}

std::string how_to_fetch() { return bench_name() + " --device=gpu --pytorch fetches them"; }

}  // namespace

std::string with_device(const std::string& source, const std::string& device) {
  static constexpr std::array kMakers{"zeros(",  "ones(",   "full(", "empty(",
                                      "arange(", "tensor(", "eye(",  "hann_window("};
  std::string changed = source;
  for (const char* maker : kMakers) {
    const std::string call = std::string("torch.") + maker;
    for (size_t at = changed.find(call); at != std::string::npos; at = changed.find(call, at + 1)) {
      const size_t end = closing(changed, at + call.size() - 1);
      if (end == std::string::npos) break;
      changed.insert(end, ", device=\"" + device + "\"");
    }
  }
  return changed;
}

std::string why_no_cuda() {
  if (access(cuda_library("libtorch_cuda.so").c_str(), R_OK) == 0) return "";
  return "PyTorch's CUDA libraries are not installed; " + how_to_fetch();
}

void open_cuda() {
  for (const char* name : {"libc10_cuda.so", "libtorch_cuda.so"}) {
    if (dlopen(cuda_library(name).c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) continue;
    throw Error(std::string("PyTorch's CUDA libraries can't be loaded (") + dlerror() + "); " +
                how_to_fetch());
  }
}

}  // namespace dnnbench::pytorch
