// PyTorch through its C++ library, libtorch: a model becomes a TorchScript program (emitter.h),
// which the library compiles, freezes and optimises.
#include "worker/engine.h"

#include <optional>
#include <set>

#include "core/clock.h"
#include "core/error.h"
#include "core/precision.h"
#include "device.h"
#include "gpu/device.h"
#include "import/read_graph.h"
#include "int8.h"
#include "module.h"
#include "operators.h"
#include "program.h"
#include "protocol/precision.h"
#include "semantics/lower.h"

namespace dnnbench {
namespace {

void require_supported(const LoadConfig& config) {
  const bool on_gpu = config.device == "gpu";
  if (on_gpu && config.cuda_graph) {
    throw Unsupported("PyTorch: a TorchScript program is not captured as a CUDA graph here");
  }
  if (on_gpu && is_quantised(config.precision)) {
    throw Unsupported("PyTorch's int8 operators are for CPUs; emulating them would only be slower");
  }
  if (is_quantised(config.precision) || (on_gpu && config.precision == "tf32")) return;
  if (config.precision != "f32" && config.precision != "default") {
    throw Unsupported("PyTorch computes in the model's own types; it can't be set to compute in " +
                      config.precision);
  }
}

// That it computes in: those of the weights, or of the inputs where there are none.
std::set<DataType> types_of(const pytorch::ModuleFacts& facts,
                            const std::vector<import::Parameter>& inputs) {
  std::set<DataType> types = facts.weight_types;
  if (types.empty()) {
    for (const import::Parameter& input : inputs) types.insert(input.type.element);
  }
  return types;
}

class PyTorchEngine : public Engine {
 public:
  std::string version() override { return pytorch::library_version(); }
  Abilities abilities(const std::string&) override {
    return {.imports = true, .why_not_gpu = pytorch::why_no_cuda()};
  }

  LoadTimes load(const LoadConfig& config) override {
    module_.reset();
    require_supported(config);
    config_ = config;
    malloc_ = pytorch::keep_freed_memory();
    pytorch::set_threads(config.threads);
    if (config.device == "gpu") use_gpu();
    const double start_s = monotonic_s();
    module_ = convert(gpu_.get());
    const double convert_s = monotonic_s() - start_s;
    if (config.optimize) module_->optimize();
    return {.convert_s = convert_s};
  }

  InForce in_force() override {
    pytorch::ModuleFacts facts = module_->facts();
    facts.settings["malloc"] = malloc_;
    const std::set<DataType> types = types_of(facts, model_.graph.inputs);
    std::string precision = precision_of(types);
    if (facts.int8_products > 0) precision = facts.f32_products == 0 ? "int8" : "mixed";
    if (precision == "mixed") facts.settings[kCoarsestType] = coarsest_of(types);
    std::vector<Placement> placement;
    if (gpu_) {
      // TorchScript says no node's device; each computes where its tensors lie.
      placement.push_back({gpu_->name(), facts.nodes - facts.tensors_on_cpu, false});
      placement.push_back({"CPU", facts.tensors_on_cpu, true});
      if (precision == "f32" && tf32_ && gpu_->has_tf32()) precision = "tf32";
    } else {
      for (const std::string& device : facts.devices) placement.push_back({device, facts.nodes});
    }
    return {precision, pytorch::threads(), placement, facts.settings};
  }

  void set_inputs(const std::vector<Value>& inputs) override {
    module_->set_inputs(import::graph_inputs(model_, inputs));
  }

  void run() override { module_->run(); }

  std::optional<double> gpu_s() override { return module_ ? module_->gpu_s() : std::nullopt; }

  std::vector<Value> outputs() override { return module_->outputs(model_.graph.outputs); }

  // The module as it was before it was optimised, which is what other versions and machines can
  // read.
  std::string save_converted(const std::string& path) override {
    const std::string file = path + ".pt";
    convert(nullptr)->save(file);
    return file;
  }

 private:
  void use_gpu() {
    const bool allow = allows_tf32(config_.precision);
    prepare_environment(config_.gpu_uuid, allow);
    if (!gpu_) gpu_ = std::make_unique<Gpu>();
    pytorch::open_cuda();
    // "default" leaves the library's own switches, which have it on in convolutions.
    tf32_ = config_.precision == "default" || pytorch::allow_tf32(allow);
  }

  // Leaves model_ with what is needed while it runs; the weights are the module's.
  std::unique_ptr<pytorch::Module> convert(const Gpu* gpu) {
    model_ = import::read_graph(config_);
    semantics::lower(model_.graph, pytorch::has_operator);
    if (config_.optimize && config_.device != "gpu") fuse_int8();
    auto module = std::make_unique<pytorch::Module>(pytorch::emit_program(model_.graph), gpu,
                                                    config_.io == "host");
    model_.graph.constants.clear();
    model_.graph.nodes.clear();
    return module;
  }

  // Of a variant in int8, everything that it has in int8, or nothing: the rest would be emulated.
  void fuse_int8() {
    const pytorch::Int8Fusion fusion = pytorch::fuse_int8(model_.graph);
    if (!is_quantised(config_.precision)) return;
    if (fusion.left) throw Unsupported(*fusion.left);
    if (fusion.products == 0) {
      throw Unsupported("the model has no product that PyTorch's int8 operators compute");
    }
  }

  LoadConfig config_;
  std::unique_ptr<Gpu> gpu_;  // absent on a CPU
  bool tf32_ = false;
  import::ImportedModel model_;
  std::unique_ptr<pytorch::Module> module_;
  std::string malloc_;
};

}  // namespace

std::unique_ptr<Engine> make_engine() { return std::make_unique<PyTorchEngine>(); }

}  // namespace dnnbench
