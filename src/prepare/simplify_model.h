// The model's simplified form, which the engines that import read instead of the ONNX file: made in
// a process of its own (process/simplifier_process.h) when the first engine asks for it, shared by
// all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/outcome.h"
#include "core/tensor.h"
#include "inputs/given_inputs.h"
#include "process/work_folder.h"
#include "protocol/load_config.h"

namespace dnnbench {

struct SimplifiedModel {
  Outcome outcome;  // why there is none
  std::string path;
  std::string bound_inputs_file;   // "" where no input is bound
  std::vector<std::string> bound;  // "sr=16000"
  std::string inlined_path;        // LoadConfig::inlined_path
  double simplify_s = 0;           // in that process, without its start and the library's loading
};

// A number that fills an input of at most so many elements is a setting rather than data (a
// sampling rate, a mode), and importers may take it as a constant.
inline constexpr int64_t kMaxBoundElements = 8;

class ModelSimplifier {
 public:
  // `inputs` are the values that the engines will be given. `work` must outlive this object.
  ModelSimplifier(LoadConfig config, const std::vector<Value>& inputs, const GivenInputs& given,
                  double timeout_s, const WorkFolder& work);
  // Of another form of the same model, with the same inputs bound.
  ModelSimplifier(const ModelSimplifier& other, LoadConfig config, const WorkFolder& work);

  // Made at the first call.
  const SimplifiedModel& get();

 private:
  SimplifiedModel simplify() const;
  double run_simplifier(const LoadConfig& config, const std::string& path) const;
  void retry_without_folding(LoadConfig config, SimplifiedModel& model) const;

  LoadConfig config_;
  double timeout_s_;
  WorkFolder folder_;  // the simplifier may write nowhere else
  std::vector<Value> bound_values_;
  std::vector<std::string> bound_;
  std::optional<SimplifiedModel> simplified_;
};

}  // namespace dnnbench
