// ONNX Runtime through its C interface: the CPU's provider, and those of providers.h.
#include "worker/engine.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/precision.h"
#include "gpu_binding.h"
#include "kernels.h"
#include "library.h"
#include "model_outline.h"
#include "open_model.h"
#include "protocol/precision.h"
#include "providers.h"
#include "values.h"

namespace dnnbench {
namespace {

using ort::check;
using ort::library;

int64_t count_threads() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                       std::filesystem::directory_iterator());
}

constexpr const char* kCpuProvider = "CPUExecutionProvider";
constexpr const char* kOpenVinoProvider = "OpenVINOExecutionProvider";
constexpr size_t kMaxNamedNodes = 20;

struct Placed {
  std::vector<Placement> placement;
  std::string cpu_nodes;  // "Shape shape_1, Gather g and 3 more"
  int64_t products_on_cpu = 0;
  int64_t products_elsewhere = 0;
};

std::string operator_of(const OrtEpAssignedNode& node) {
  const char* type = nullptr;
  check(library().api.EpAssignedNode_GetOperatorType(&node, &type));
  return type;
}

std::string name_of(const OrtEpAssignedNode& node) {
  const char* name = nullptr;
  check(library().api.EpAssignedNode_GetName(&node, &name));
  return name;
}

Placed read_placement(const OrtSession& session) {
  const ort::Api& api = library().api;
  const OrtEpAssignedSubgraph* const* parts = nullptr;
  size_t part_count = 0;
  check(api.Session_GetEpGraphAssignmentInfo(&session, &parts, &part_count));
  std::map<std::string, int64_t> nodes_of;
  Placed placed;
  for (size_t i = 0; i < part_count; ++i) {
    const char* provider = nullptr;
    const OrtEpAssignedNode* const* nodes = nullptr;
    size_t node_count = 0;
    check(api.EpAssignedSubgraph_GetEpName(parts[i], &provider));
    check(api.EpAssignedSubgraph_GetNodes(parts[i], &nodes, &node_count));
    const bool is_cpu = std::string(provider) == kCpuProvider;
    int64_t& count = nodes_of[provider];
    for (size_t node = 0; node < node_count; ++node, ++count) {
      const std::string op = operator_of(*nodes[node]);
      if (ort::is_product(op)) ++(is_cpu ? placed.products_on_cpu : placed.products_elsewhere);
      if (!is_cpu || count >= int64_t{kMaxNamedNodes}) continue;
      placed.cpu_nodes += (placed.cpu_nodes.empty() ? "" : ", ") + op + " " + name_of(*nodes[node]);
    }
  }
  for (const auto& [provider, nodes] : nodes_of) {
    const bool is_cpu = provider == kCpuProvider || provider == kOpenVinoProvider;
    placed.placement.push_back({provider, nodes, is_cpu});
    const int64_t unnamed = nodes - int64_t{kMaxNamedNodes};
    if (provider == kCpuProvider && unnamed > 0) {
      placed.cpu_nodes += " and " + std::to_string(unnamed) + " more";
    }
  }
  return placed;
}

// The library's record has operators and no times, so work is counted by what takes most of it.
void require_products_on_gpu(const OrtSession& session) {
  const Placed placed = read_placement(session);
  const std::string why =
      ort::why_products_are_not_on_gpu(placed.products_on_cpu, placed.products_elsewhere);
  if (!why.empty()) throw Unsupported(why);
}

class OnnxRuntimeEngine : public Engine {
 public:
  std::string version() override { return library().version; }
  Abilities abilities(const std::string& provider) override {
    return {.why_not_cpu = ort::is_for_gpus(provider) ? kOnGpusOnly : "",
            .why_not_gpu = ort::why_not_gpu(provider)};
  }

  LoadTimes load(const LoadConfig& config) override {
    clear();
    ort::require_supported(config);
    if (config.device == "gpu") {
      prepare_environment(config.gpu_uuid, allows_tf32(config.precision));
      if (!gpu_) gpu_ = std::make_unique<Gpu>();
    }
    inlined_ = config.original_fails;
    LoadConfig opens = config;
    if (inlined_) opens.model_path = config.inlined_path;
    const ort::ModelOutline outline = ort::read_outline(opens.model_path);
    optimized_ = ort::optimizes(config);
    precision_ = ort::precision_in_force(config, outline, gpu_.get());
    types_ = outline.element_types;
    on_cpu_provider_ = config.provider.empty();
    kernels_.reset();
    if (precision_.empty() && config.inspect) kernels_ = ort::read_kernels(opens, outline);
    const int64_t threads_before = count_threads();
    ort::OpenedModel opened = ort::open_model(opens, outline, gpu_.get());
    session_ = std::move(opened.session);
    if (gpu_) require_products_on_gpu(*session_);
    sizes_fixed_ = opened.sizes_fixed;
    provider_options_ = opened.provider_options;
    // The calling thread computes, too. OpenVINO keeps other threads beside those that compute.
    threads_ = config.provider == "openvino"
                   ? config.threads
                   : static_cast<int>(1 + count_threads() - threads_before);
    inputs_ = ort::read_inputs(*session_);
    output_names_ = ort::read_output_names(*session_);
    for (const std::string& name : output_names_) output_pointers_.push_back(name.c_str());
    outputs_.resize(output_names_.size());
    if (gpu_) binding_.emplace(*session_, *gpu_, config.io == "host", config.cuda_graph);
    return {};
  }

  InForce in_force() override {
    const Placed placed = read_placement(*session_);
    InForce in_force{precision_,
                     threads_,
                     placed.placement,
                     {{"graph_optimization", optimized_ ? "all" : "off"},
                      {"execution_mode", "sequential"},
                      {"intra_op_spinning", "library default"},
                      {"sizes_fixed", sizes_fixed_},
                      {"placement_read", "of the graph before fusion"}}};
    in_force.settings.insert(provider_options_.begin(), provider_options_.end());
    if (!on_cpu_provider_ && !placed.cpu_nodes.empty()) {
      in_force.settings["cpu_nodes"] = placed.cpu_nodes;
    }
    if (provider_options_.count("openvino_options") != 0) {
      in_force.settings["read_back"] =
          "placement; threads and precision are what the provider took";
    }
    if (inlined_) in_force.settings["model"] = kInlinedModel;
    if (kernels_) {
      const bool in_8_bits = kernels_->precision != "f32";
      in_force.precision = in_8_bits ? kernels_->precision : precision_of(types_);
      in_force.settings["node_precisions"] = kernels_->products;
      in_force.settings["operators"] = kernels_->operators;
    }
    // On a GPU others may join the model's own types.
    if (in_force.precision == "mixed" && !gpu_)
      in_force.settings[kCoarsestType] = coarsest_of(types_);
    return in_force;
  }

  void set_inputs(const std::vector<Value>& inputs) override {
    drop_inputs();
    if (binding_) return binding_->set_inputs(inputs, inputs_, output_names_);
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
    if (binding_) return binding_->run();
    for (OrtValue*& output : outputs_) {
      library().api.ReleaseValue(std::exchange(output, nullptr));
    }
    check(library().api.Run(session_.get(), nullptr, name_pointers_.data(), value_pointers_.data(),
                            value_pointers_.size(), output_pointers_.data(),
                            output_pointers_.size(), outputs_.data()));
  }

  std::optional<double> gpu_s() override { return binding_ ? binding_->gpu_s() : std::nullopt; }

  std::vector<Value> outputs() override {
    if (binding_) return binding_->outputs();
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
    binding_.reset();
    session_.reset();
  }

  std::unique_ptr<Gpu> gpu_;  // absent on a CPU
  ort::Session session_;
  std::optional<ort::GpuBinding> binding_;  // on a GPU
  bool on_cpu_provider_ = true;
  std::map<std::string, std::string> provider_options_;
  bool optimized_ = true;
  bool inlined_ = false;
  std::string precision_;
  std::set<DataType> types_;  // of the model's weights and inputs
  std::optional<ort::Kernels> kernels_;
  std::string sizes_fixed_;
  int threads_ = 0;
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
