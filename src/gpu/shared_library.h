// A library that may not be there, opened at run time. It stays open as long as the process.
#pragma once

#include <dlfcn.h>

#include <string>

namespace dnnbench {

class SharedLibrary {
 public:
  explicit SharedLibrary(const std::string& name)
      : handle_(dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) {}

  bool is_open() const { return handle_ != nullptr; }

  // nullptr where the library or the function is missing.
  template <typename Function>
  Function* find(const char* name) const {
    if (handle_ == nullptr) return nullptr;
    return reinterpret_cast<Function*>(dlsym(handle_, name));
  }

 private:
  void* handle_;
};

}  // namespace dnnbench
