// The loaded ONNX Runtime library: opened once per process, on first use; and owners for what its
// calls hand out.
#pragma once

#include <memory>
#include <string>

#include "ort_api.h"

namespace dnnbench::ort {

struct Library {
  std::string version;  // "1.31.1", as the library says it
  Api api;
  OrtEnv* env;              // lives as long as the process
  OrtAllocator* allocator;  // the library's default one, plain host memory
};

// Throws Error when the library is missing or too old. Turns its telemetry off before it loads.
const Library& library();

// Turns a failed call into an exception and releases the status: Unsupported where the library has
// no implementation of an operator, type or opset, std::bad_alloc where memory ran out, otherwise
// Error with the library's own words in one line.
void check(OrtStatus* status);

// A text that the library allocated, which is released.
std::string take_text(char* text);

template <auto kRelease>
struct Releaser {
  template <typename T>
  void operator()(T* object) const {
    (library().api.*kRelease)(object);
  }
};

using Session = std::unique_ptr<OrtSession, Releaser<&Api::ReleaseSession>>;
using SessionOptions = std::unique_ptr<OrtSessionOptions, Releaser<&Api::ReleaseSessionOptions>>;
using TypeInfo = std::unique_ptr<OrtTypeInfo, Releaser<&Api::ReleaseTypeInfo>>;
using TensorInfo =
    std::unique_ptr<OrtTensorTypeAndShapeInfo, Releaser<&Api::ReleaseTensorTypeAndShapeInfo>>;
using MemoryInfo = std::unique_ptr<OrtMemoryInfo, Releaser<&Api::ReleaseMemoryInfo>>;
using RunOptions = std::unique_ptr<OrtRunOptions, Releaser<&Api::ReleaseRunOptions>>;
using IoBinding = std::unique_ptr<OrtIoBinding, Releaser<&Api::ReleaseIoBinding>>;
using OwnedValue = std::unique_ptr<OrtValue, Releaser<&Api::ReleaseValue>>;

// Owns what a call writes through its last argument: owned<Session>([&](auto** out) {...}).
template <typename Owner, typename Call>
Owner owned(Call call) {
  typename Owner::pointer object = nullptr;
  check(call(&object));
  return Owner(object);
}

}  // namespace dnnbench::ort
