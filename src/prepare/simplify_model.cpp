#include "prepare/simplify_model.h"

#include <fmt/format.h>

#include <filesystem>

#include "process/simplifier_process.h"
#include "protocol/value_file.h"

namespace dnnbench {

ModelSimplifier::ModelSimplifier(LoadConfig config, const std::vector<Value>& inputs,
                                 const GivenInputs& given, double timeout_s, const WorkFolder& work)
    : config_(std::move(config)), timeout_s_(timeout_s), folder_(work.path()) {
  for (const Value& input : inputs) {
    const auto fill = given.fills.find(input.name);
    if (fill == given.fills.end() || input.tensor().element_count() > kMaxBoundElements) continue;
    bound_values_.push_back(input);
    bound_.push_back(fmt::format("{}={}", fill->first, fill->second));
  }
}

ModelSimplifier::ModelSimplifier(const ModelSimplifier& other, LoadConfig config,
                                 const WorkFolder& work)
    : config_(std::move(config)),
      timeout_s_(other.timeout_s_),
      folder_(work.path()),
      bound_values_(other.bound_values_),
      bound_(other.bound_) {}

const SimplifiedModel& ModelSimplifier::get() {
  if (!simplified_) simplified_ = simplify();
  return *simplified_;
}

SimplifiedModel ModelSimplifier::simplify() const {
  SimplifiedModel model;
  model.path = folder_.path() + "/simplified.onnx";
  model.bound = bound_;
  if (!bound_values_.empty()) {
    model.bound_inputs_file = folder_.path() + "/bound-inputs";
    write_values(model.bound_inputs_file, bound_values_);
  }
  LoadConfig config = config_;
  config.bound_inputs_file = model.bound_inputs_file;
  config.inlined_path = folder_.path() + "/inlined.onnx";
  try {
    model.simplify_s = run_simplifier(config, model.path);
  } catch (const EngineEnded& ended) {
    model.outcome = ended.outcome;
  }
  if (model.outcome.kind == OutcomeKind::kCrashed) retry_without_folding(config, model);
  if (!model.outcome.ok()) {
    model.outcome.reason = fmt::format(
        "the model could not be simplified, which this engine needs: {}", model.outcome.reason);
  }
  if (std::filesystem::exists(config.inlined_path)) model.inlined_path = config.inlined_path;
  return model;
}

double ModelSimplifier::run_simplifier(const LoadConfig& config, const std::string& path) const {
  return SimplifierProcess(folder_.path(), timeout_s_).simplify(config, path);
}

// The library's folding of constants is the step that is known to crash. When it crashes without
// that, too, it is not the engine that crashed.
void ModelSimplifier::retry_without_folding(LoadConfig config, SimplifiedModel& model) const {
  config.optimize = false;
  try {
    model.simplify_s = run_simplifier(config, model.path);
    model.outcome = {};
  } catch (const EngineEnded& ended) {
    model.outcome = {OutcomeKind::kFailed,
                     fmt::format("ONNX Runtime, which simplifies it, crashed: {}", ended.what())};
  }
}

}  // namespace dnnbench
