#include "library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdio>

#include "core/commands.h"
#include "core/error.h"

namespace dnnbench::tensorrt {
namespace {

void* open(const std::string& name) {
  const std::string file = fmt::format("{}.so.{}", name, NV_TENSORRT_MAJOR);
  void* const handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle != nullptr) return handle;
  throw Error(fmt::format("TensorRT can't be loaded ({}); {} --device=gpu --tensorrt fetches it",
                          dlerror(), bench_name()));
}

template <typename Function>
Function* find(void* library, const char* name) {
  auto* const function = reinterpret_cast<Function*>(dlsym(library, name));
  if (function == nullptr) throw Error(fmt::format("TensorRT lacks {}", name));
  return function;
}

}  // namespace

void Logger::log(Severity severity, const char* message) noexcept {
  if (severity > Severity::kWARNING) return;
  std::fprintf(stderr, "TensorRT: %s\n", message);
  if (severity > Severity::kERROR) return;
  try {
    last_error_ = message;
  } catch (...) {  // no memory for it
  }
}

std::string Logger::last_error() const {
  return "TensorRT: " + (last_error_.empty() ? "it gave no reason" : last_error_);
}

Library::Library() : infer_(open("libnvinfer")) {
  const int loaded = find<int()>(infer_, "getInferLibVersion")();
  if (loaded < NV_TENSORRT_VERSION) {
    throw Error(
        fmt::format("TensorRT {} is older than the headers that this engine was built with "
                    "({}.{}.{}); build it again with the headers of the library",
                    version(), NV_TENSORRT_MAJOR, NV_TENSORRT_MINOR, NV_TENSORRT_PATCH));
  }
}

std::string Library::version() const {
  const int number = find<int()>(infer_, "getInferLibVersion")();
  return fmt::format("{}.{}.{}", number / 10000, number / 100 % 100, number % 100);
}

std::unique_ptr<nvinfer1::IBuilder> Library::create_builder() {
  auto* const create = find<void*(void*, int)>(infer_, "createInferBuilder_INTERNAL");
  return std::unique_ptr<nvinfer1::IBuilder>(
      static_cast<nvinfer1::IBuilder*>(create(&logger_, NV_TENSORRT_VERSION)));
}

std::unique_ptr<nvinfer1::IRuntime> Library::create_runtime() {
  auto* const create = find<void*(void*, int)>(infer_, "createInferRuntime_INTERNAL");
  return std::unique_ptr<nvinfer1::IRuntime>(
      static_cast<nvinfer1::IRuntime*>(create(&logger_, NV_TENSORRT_VERSION)));
}

std::unique_ptr<nvonnxparser::IParser> Library::create_parser(
    nvinfer1::INetworkDefinition& network) {
  if (parser_ == nullptr) parser_ = open("libnvonnxparser");
  auto* const create = find<void*(void*, void*, int)>(parser_, "createNvOnnxParser_INTERNAL");
  return std::unique_ptr<nvonnxparser::IParser>(
      static_cast<nvonnxparser::IParser*>(create(&network, &logger_, NV_ONNX_PARSER_VERSION)));
}

}  // namespace dnnbench::tensorrt
