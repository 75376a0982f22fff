// ONNX Runtime through its C interface, CPU provider.
#include "worker/engine.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "core/error.h"
#include "kernels.h"
#include "library.h"
#include "model_outline.h"
#include "open_model.h"
#include "values.h"

namespace dnnbench {
namespace {

using ort::check;
using ort::library;

constexpr const char* kInlinedModel = "branches with a known condition put in place beforehand";

int64_t count_threads() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                       std::filesystem::directory_iterator());
}

void require_supported(const LoadConfig& config) {
  if (!config.provider.empty()) {
    throw Unsupported("the ONNX Runtime engine has no provider \"" + config.provider +
                      "\" in this build; it has cpu");
  }
  const std::set<std::string> known{"f32", "default", "int8", "int8-dynamic"};
  if (known.count(config.precision) == 0) {
    throw Unsupported(
        "ONNX Runtime's CPU provider computes in the model's own types and has no "
        "switch to " +
        config.precision);
  }
}

bool is_quantised(const LoadConfig& config) {
  return config.precision == "int8" || config.precision == "int8-dynamic";
}

std::vector<Placement> read_placement(const OrtSession& session) {
  const ort::Api& api = library().api;
  const OrtEpAssignedSubgraph* const* parts = nullptr;
  size_t part_count = 0;
  check(api.Session_GetEpGraphAssignmentInfo(&session, &parts, &part_count));
  std::map<std::string, int64_t> nodes_of;
  for (size_t i = 0; i < part_count; ++i) {
    const char* provider = nullptr;
    const OrtEpAssignedNode* const* nodes = nullptr;
    size_t node_count = 0;
    check(api.EpAssignedSubgraph_GetEpName(parts[i], &provider));
    check(api.EpAssignedSubgraph_GetNodes(parts[i], &nodes, &node_count));
    nodes_of[provider] += static_cast<int64_t>(node_count);
  }
  std::vector<Placement> placement;
  for (const auto& [provider, nodes] : nodes_of) placement.push_back({provider, nodes});
  return placement;
}

// The provider computes in the types of the model's weights and inputs.
std::string precision_of(const ort::ModelOutline& outline) {
  const bool f16 = outline.element_types.count(DataType::kFloat16) != 0;
  const bool bf16 = outline.element_types.count(DataType::kBfloat16) != 0;
  const bool f32 = outline.element_types.count(DataType::kFloat32) != 0;
  if (f16 + bf16 + f32 > 1) return "mixed";
  return f16 ? "f16" : bf16 ? "bf16" : "f32";
}

class OnnxRuntimeEngine : public Engine {
 public:
  std::string version() override { return library().version; }

  LoadTimes load(const LoadConfig& config) override {
    clear();
    require_supported(config);
    inlined_ = config.original_fails;
    LoadConfig opens = config;
    if (inlined_) opens.model_path = config.inlined_path;
    const ort::ModelOutline outline = ort::read_outline(opens.model_path);
    optimized_ = config.optimize;
    precision_ = precision_of(outline);
    kernels_.reset();
    if (is_quantised(config)) {
      precision_.clear();
      if (config.inspect) kernels_ = ort::read_kernels(opens, outline);
    }
    const int64_t threads_before = count_threads();
    ort::OpenedModel opened = ort::open_model(opens, outline);
    session_ = std::move(opened.session);
    sizes_fixed_ = opened.sizes_fixed;
    pool_threads_ = count_threads() - threads_before;
    inputs_ = ort::read_inputs(*session_);
    output_names_ = ort::read_output_names(*session_);
    for (const std::string& name : output_names_) output_pointers_.push_back(name.c_str());
    outputs_.resize(output_names_.size());
    return {};
  }

  InForce in_force() override {
    InForce in_force{precision_,
                     static_cast<int>(1 + pool_threads_),  // the calling thread computes too
                     read_placement(*session_),
                     {{"graph_optimization", optimized_ ? "all" : "off"},
                      {"execution_mode", "sequential"},
                      {"intra_op_spinning", "library default"},
                      {"sizes_fixed", sizes_fixed_},
                      {"placement_read", "of the graph before fusion"}}};
    if (inlined_) in_force.settings["model"] = kInlinedModel;
    if (kernels_) {
      in_force.precision = kernels_->precision;
      in_force.settings["node_precisions"] = kernels_->products;
      in_force.settings["operators"] = kernels_->operators;
    }
    return in_force;
  }

  void set_inputs(const std::vector<Value>& inputs) override {
    drop_inputs();
    for (const Value& value : inputs) add_input(value);
    for (const ort::Signature& input : inputs_) {
      const auto given = [&](const std::string& name) { return name == input.name; };
      if (std::none_of(given_names_.begin(), given_names_.end(), given)) {
        throw Error("the model's input \"" + input.name + "\" was not given");
      }
    }
    for (const std::string& name : given_names_) name_pointers_.push_back(name.c_str());
  }

  void run() override {
    for (OrtValue*& output : outputs_) {
      library().api.ReleaseValue(std::exchange(output, nullptr));
    }
    check(library().api.Run(session_.get(), nullptr, name_pointers_.data(), value_pointers_.data(),
                            value_pointers_.size(), output_pointers_.data(),
                            output_pointers_.size(), outputs_.data()));
  }

  std::vector<Value> outputs() override {
    std::vector<Value> values;
    for (size_t i = 0; i < outputs_.size(); ++i) {
      if (outputs_[i] == nullptr) throw Error("no inference has run yet, so there are no outputs");
      values.push_back(ort::from_ort(output_names_[i], *outputs_[i]));
    }
    return values;
  }

 private:
  void add_input(const Value& value) {
    const auto input = std::find_if(inputs_.begin(), inputs_.end(),
                                    [&](const ort::Signature& i) { return i.name == value.name; });
    if (input == inputs_.end()) throw Error("the model has no input \"" + value.name + "\"");
    given_values_.push_back(ort::to_ort(value, *input));
    given_names_.push_back(value.name);
    value_pointers_.push_back(given_values_.back().get());
  }

  void drop_inputs() {
    name_pointers_.clear();
    value_pointers_.clear();
    given_values_.clear();
    given_names_.clear();
  }

  void clear() {
    drop_inputs();
    for (OrtValue* output : outputs_) library().api.ReleaseValue(output);
    outputs_.clear();
    output_pointers_.clear();
    output_names_.clear();
    inputs_.clear();
    session_.reset();
  }

  ort::Session session_;
  bool optimized_ = true;
  bool inlined_ = false;
  std::string precision_;
  std::optional<ort::Kernels> kernels_;
  std::string sizes_fixed_;
  int64_t pool_threads_ = 0;
  std::vector<ort::Signature> inputs_;
  std::vector<std::string> output_names_;

  std::vector<std::string> given_names_;
  std::vector<ort::OwnedValue> given_values_;

  // Run's arguments, ready before the timed call.
  std::vector<const char*> name_pointers_;
  std::vector<const OrtValue*> value_pointers_;
  std::vector<const char*> output_pointers_;
  std::vector<OrtValue*> outputs_;
};

}  // namespace

std::unique_ptr<Engine> make_engine() { return std::make_unique<OnnxRuntimeEngine>(); }

}  // namespace dnnbench
