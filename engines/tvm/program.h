// A compiled model in the hands of TVM's runtime: loaded, given inputs, run. Its implementation is
// what includes TVM's headers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "import/graph.h"
#include "tvm_cache.h"

namespace dnnbench::tvm_runtime {

// Threads that compute one inference: made on the first call, and the same from then on. Returns
// how many there are, this one included.
int start_threads(int count);

// Calls throw Error with the library's reason, Unsupported for a type that the library has not.
class Program {
 public:
  // Loads what the compiler wrote.
  explicit Program(const CompiledFiles& files);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

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
