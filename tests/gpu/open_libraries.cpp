// Opens the libraries that engines open on a GPU and says which can't be opened: what can be tried
// of them without a GPU. `make gpu` runs it with the stub driver. ONNX Runtime's two providers are
// not among them: only ONNX Runtime itself can open those.
#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/cache.h"

namespace {

using Libraries = std::vector<std::string>;

// In this process, in this order. Returns how many are missing.
int open_all(const Libraries& libraries) {
  int missing = 0;
  for (const std::string& library : libraries) {
    const bool opens = dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr;
    std::printf("%-8s %s%s%s\n", opens ? "opens" : "missing", library.c_str(), opens ? "" : ": ",
                opens ? "" : dlerror());
    if (!opens) ++missing;
  }
  std::fflush(stdout);
  return missing;
}

// In a process of its own, as engines are: libraries of two may not go together.
bool opens_alone(const Libraries& libraries) {
  const pid_t child = fork();
  if (child == 0) std::_Exit(open_all(libraries) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) std::printf("ended by signal %d\n", WTERMSIG(status));
  return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

}  // namespace

int main() {
  const std::string engines = dnnbench::cache_folder() + "/engines/";
  const std::string onnxruntime = engines + "onnxruntime-gpu/1.31.1/onnxruntime/capi/";
  const std::string pytorch = engines + "pytorch/2.15.0/torch/lib/";
  const std::string pytorch_cuda = engines + "pytorch-cuda/2.15.0/torch/lib/";
  bool all_open = true;
  for (const Libraries& libraries : std::vector<Libraries>{
           {"libcuda.so.1", "libcudart.so.13", "libcublas.so.13", "libcublasLt.so.13",
            "libcurand.so.10", "libcufft.so.12", "libnvrtc.so.13", "libnvJitLink.so.13",
            "libcudnn.so.9"},
           {"libnvinfer.so.10", "libnvonnxparser.so.10"},
           {onnxruntime + "libonnxruntime.so.1.31.1"},
           {pytorch + "libc10.so", pytorch + "libtorch_cpu.so", pytorch_cuda + "libc10_cuda.so",
            pytorch_cuda + "libtorch_cuda.so"}}) {
    all_open = opens_alone(libraries) && all_open;
  }
  return all_open ? EXIT_SUCCESS : EXIT_FAILURE;
}
