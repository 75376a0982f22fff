// SimplifierProcess: makes the simplified form of models for the engines that import
// (import/simplify.h), with ONNX Runtime in a process of its own, dnnbench-simplify.
#pragma once

#include <string>

#include "process/worker_process.h"

namespace dnnbench {

class SimplifierProcess {
 public:
  // Throws as WorkerProcess does.
  SimplifierProcess(const std::string& folder, double timeout_s);

  // Writes the simplified form into `file`. Returns the seconds it took in that process, without
  // its start and the library's loading. Throws EngineEnded.
  double simplify(const LoadConfig& config, const std::string& file, bool with_weights = false);

  int64_t peak_rss_bytes() const { return worker_.peak_rss_bytes(); }

 private:
  WorkerProcess worker_;
};

}  // namespace dnnbench
