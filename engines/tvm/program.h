// A compiled model in the hands of TVM's runtime: loaded, given inputs, run. Its implementation is
// what includes TVM's headers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "import/graph.h"
#include "tvm_cache.h"

namespace dnnbench::tvm_runtime {

// Of the package that the loaded runtime library came with, "0.27.0". Throws Error where that is
// not beside it.
std::string library_version();

// Of the loaded library that calls and tensors go through, "0.1.14".
std::string ffi_version();

// Threads that compute one inference: made on the first call, and the same from then on. Returns
// how many the runtime uses, this one included.
int start_threads(int count);

// Where the kernels of a program run, and how many calls of them the program holds.
struct Kernels {
  std::string device;
  int64_t calls = 0;
};

// Calls throw Error with the library's reason, Unsupported for a type that the library has not.
class Program {
 public:
  // Loads what the compiler wrote.
  explicit Program(const CompiledFiles& files);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  Kernels kernels() const;

  // For following runs, in the order of the model's inputs. Copies.
  void set_inputs(const std::vector<Value>& inputs);
  void run();
  // Of the last run, named and ordered as `outputs`.
  std::vector<Value> outputs(const std::vector<import::Parameter>& outputs) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace dnnbench::tvm_runtime
