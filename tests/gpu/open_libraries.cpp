// Opens every library that engines open on a GPU, in the order and way that they do, and says which
// can't be opened: what can be tried of them without a GPU. `make gpu` runs it with the stub
// driver.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/cache.h"

int main() {
  const std::string engines = dnnbench::cache_folder() + "/engines/";
  const std::string onnxruntime = engines + "onnxruntime-gpu/1.31.1/onnxruntime/capi/";
  const std::string pytorch = engines + "pytorch/2.15.0/torch/lib/";
  const std::string pytorch_cuda = engines + "pytorch-cuda/2.15.0/torch/lib/";
  int missing = 0;
  for (const std::string& library :
       std::vector<std::string>{"libcuda.so.1",
                                "libcudart.so.13",
                                "libcublas.so.13",
                                "libcublasLt.so.13",
                                "libcurand.so.10",
                                "libcufft.so.12",
                                "libnvrtc.so.13",
                                "libnvJitLink.so.13",
                                "libcudnn.so.9",
                                "libnvinfer.so.10",
                                "libnvonnxparser.so.10",
                                "libnvinfer_builder_resource.so.10.6.0",
                                onnxruntime + "libonnxruntime.so.1.31.1",
                                onnxruntime + "libonnxruntime_providers_shared.so",
                                onnxruntime + "libonnxruntime_providers_cuda.so",
                                onnxruntime + "libonnxruntime_providers_tensorrt.so",
                                pytorch + "libc10.so",
                                pytorch + "libtorch_cpu.so",
                                pytorch_cuda + "libc10_cuda.so",
                                pytorch_cuda + "libtorch_cuda.so"}) {
    const bool opens = dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr;
    std::printf("%-8s %s%s%s\n", opens ? "opens" : "missing", library.c_str(), opens ? "" : ": ",
                opens ? "" : dlerror());
    if (!opens) ++missing;
  }
  return missing == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
