// A session's inputs and outputs on the GPU, bound before the timed call.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gpu/device.h"
#include "library.h"
#include "values.h"

namespace dnnbench::ort {

class GpuBinding {
 public:
  // With `copies` each run copies inputs from and outputs to the host. Both must outlive this.
  // With `graph` the session's options say so, too: its provider captures and launches graphs.
  GpuBinding(OrtSession& session, const Gpu& gpu, bool copies, bool graph);

  // Binds them, and buffers for the outputs, whose sizes one inference shows. Throws Error for what
  // doesn't fit `signatures`, Unsupported for what is not a tensor of numbers.
  void set_inputs(const std::vector<Value>& inputs, const std::vector<Signature>& signatures,
                  const std::vector<std::string>& output_names);

  void run();
  std::vector<Value> outputs() const;
  std::optional<double> gpu_s() const { return transfers_.compute_s(); }

 private:
  struct Output {
    std::string name;
    Tensor shaped;  // with the output's type and shape
  };

  OwnedValue on_gpu(const GpuBuffer& buffer, const Tensor& tensor) const;
  void learn_outputs(const std::vector<std::string>& names);
  void set_graph(int id);

  OrtSession& session_;
  const Gpu& gpu_;
  const bool graph_;
  int graphs_ = 0;  // captured so far
  GpuTransfers transfers_;
  MemoryInfo memory_;
  RunOptions run_options_;
  IoBinding binding_;
  std::vector<OwnedValue> bound_;
  std::vector<Output> outputs_;
};

}  // namespace dnnbench::ort
