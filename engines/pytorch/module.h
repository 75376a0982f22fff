// A program in the library's hands: compiled, frozen, run. Its implementation is what includes
// PyTorch's headers.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "gpu/device.h"
#include "import/graph.h"
#include "program.h"

namespace dnnbench::pytorch {

// Of the library that is loaded: "2.15.0".
std::string library_version();

// Has the C library keep the memory that an inference frees for the next one, in the whole process.
// Otherwise, as often as not, each inference gives large tensors back to the kernel and takes them
// again, page by page. Says what is then in force.
std::string keep_freed_memory();

// Threads that compute one operator; the second is what is then in force.
// TF32 in matrix products and convolutions on a GPU; what is then in force.
bool allow_tf32(bool allow);

void set_threads(int count);
int threads();

struct ModuleFacts {
  int64_t nodes = 0;                // of the graph that runs
  std::set<DataType> weight_types;  // element types of the tensors that it holds
  std::set<std::string> devices;    // where these lie: "CPU", "CUDA"
  int64_t tensors_on_cpu = 0;       // of those
  int64_t int8_products = 0;        // convolutions and matrix products in int8
  int64_t f32_products = 0;         // all others
  std::map<std::string, std::string> settings;
};

// Calls throw what translating_failures (failure.h) makes of the library's exceptions.
class Module {
 public:
  // Compiles the source. Shares the constants' memory where it is aligned as the library wants it.
  // `gpu` is null on a CPU, and must outlive this; with `copies` each run then copies inputs from
  // and outputs to the host.
  explicit Module(const Program& program, const Gpu* gpu = nullptr, bool copies = true);
  // One that was saved.
  explicit Module(const std::string& path);
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  // Makes it what the library's users deploy: weights frozen into it and optimised for inference.
  void optimize();

  ModuleFacts facts() const;

  // For following runs, in the order of the program's parameters. Copies.
  void set_inputs(const std::vector<Value>& inputs);
  void run();
  // What the last run took by the GPU's clock, without copies; absent on a CPU.
  std::optional<double> gpu_s() const;
  // Of the last run, named and ordered as `outputs`.
  std::vector<Value> outputs(const std::vector<import::Parameter>& outputs) const;

  // Before optimize. A file that torch.jit.load reads.
  void save(const std::string& path) const;

 private:
  void run_on_gpu();

  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace dnnbench::pytorch
