#include "library.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <regex>
#include <string_view>

#include "core/cache.h"
#include "core/commands.h"
#include "core/error.h"

namespace dnnbench::ort {
namespace {

const ApiBase& open_library() {
  // Official builds from 1.29 upload usage unless this is set before the library loads.
  setenv("ORT_DISABLE_TELEMETRY", "1", 1);
  const std::string path = cache_folder() + "/" DNNBENCH_ONNXRUNTIME_LIBRARY;
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    throw Error(std::string("ONNX Runtime can't be loaded (") + dlerror() + "); " + bench_name() +
                " with the engine's flag fetches it");
  }
  const auto get_base = reinterpret_cast<const ApiBase* (*)()>(dlsym(handle, "OrtGetApiBase"));
  if (get_base == nullptr) {
    throw Error(path + " is not an ONNX Runtime library: it lacks OrtGetApiBase");
  }
  return *get_base();
}

const Api& load_api(const ApiBase& base) {
  void* const* table = base.GetApi(kApiVersion);
  if (table == nullptr) {
    throw Error("ONNX Runtime " + std::string(base.GetVersionString()) + " is too old: 1." +
                std::to_string(kApiVersion) + " or newer is needed");
  }
  static const Api api(table);
  return api;
}

// check() needs the library, so these two calls can't use it.
OrtEnv* create_env(const Api& api) {
  OrtEnv* env = nullptr;
  if (api.CreateEnv(kLogWarning, "dnnbench", &env) != nullptr) {
    throw Error("ONNX Runtime could not create its environment");
  }
  return env;
}

OrtAllocator* default_allocator(const Api& api) {
  OrtAllocator* allocator = nullptr;
  if (api.GetAllocatorWithDefaultOptions(&allocator) != nullptr) {
    throw Error("ONNX Runtime has no default allocator");
  }
  return allocator;
}

bool says_any(std::string_view message, std::initializer_list<std::string_view> texts) {
  return std::any_of(texts.begin(), texts.end(), [&](std::string_view text) {
    return message.find(text) != std::string_view::npos;
  });
}

// In one line and without the source position, "/onnxruntime_src/FILE:LINE FUNCTION(PARAMETERS)".
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  static const std::regex kPosition(
      R"(/onnxruntime_src/[^ ]+:\d+ [^(]*\([^)]*\)( const)?(::<lambda\([^)]*\)>)?( \[with [^\]]*\])? )");
  return std::regex_replace(text, kPosition, "");
}

}  // namespace

const Library& library() {
  static const Library kLibrary = [] {
    const ApiBase& base = open_library();
    const Api& api = load_api(base);
    return Library{base.GetVersionString(), api, create_env(api), default_allocator(api)};
  }();
  return kLibrary;
}

void check(OrtStatus* status) {
  if (status == nullptr) return;
  const Api& api = library().api;
  const int code = api.GetErrorCode(status);
  const std::string message = one_line(api.GetErrorMessage(status));
  api.ReleaseStatus(status);
  if (says_any(message, {"bad_alloc", "Failed to allocate memory"})) throw std::bad_alloc();
  // The library has codes for these but reports most of them as a plain failure.
  if (code == kNotImplemented ||
      says_any(message, {"is not a registered function/op", "No Op registered for", "not supported",
                         "is under development and support for", "Unsupported model IR version",
                         "cannot use the graph capture feature"})) {
    throw Unsupported("ONNX Runtime: " + message);
  }
  throw Error("ONNX Runtime: " + message);
}

std::string take_text(char* text) {
  std::string taken = text;
  check(library().api.AllocatorFree(library().allocator, text));
  return taken;
}

}  // namespace dnnbench::ort
