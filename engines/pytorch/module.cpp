#include "module.h"

#include <ATen/Config.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <malloc.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/resolver.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/script.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <initializer_list>

#include "device.h"
#include "failure.h"
#include "types.h"

namespace dnnbench::pytorch {
namespace {

at::ScalarType to_scalar_type(DataType type) {
  return static_cast<at::ScalarType>(scalar_type(type));
}

DataType from_scalar_type(at::ScalarType type) {
  for (int32_t number = 1; number <= static_cast<int32_t>(DataType::kBfloat16); ++number) {
    const auto candidate = static_cast<DataType>(number);
    if (candidate != DataType::kString && to_scalar_type(candidate) == type) return candidate;
  }
  throw Unsupported(std::string("an output of PyTorch's type ") + c10::toString(type));
}

// A view where the elements lie as the library wants them, otherwise a copy.
at::Tensor constant_tensor(const import::Constant& constant) {
  const auto options = at::TensorOptions(to_scalar_type(constant.type));
  const auto address = reinterpret_cast<uintptr_t>(constant.bytes.data());
  if (!constant.bytes.empty() && address % at::elementSize(to_scalar_type(constant.type)) == 0) {
    const auto owner = constant.owner;
    return at::from_blob(
        const_cast<std::byte*>(constant.bytes.data()), constant.shape, [owner](void*) {}, options);
  }
  at::Tensor tensor = at::empty(constant.shape, options);
  if (!constant.bytes.empty()) {
    std::memcpy(tensor.data_ptr(), constant.bytes.data(), constant.bytes.size());
  }
  return tensor;
}

at::Tensor to_torch(const Tensor& tensor) {
  at::Tensor copy = at::empty(tensor.shape, at::TensorOptions(to_scalar_type(tensor.type)));
  if (!tensor.bytes.empty()) std::memcpy(copy.data_ptr(), tensor.bytes.data(), tensor.bytes.size());
  return copy;
}

c10::IValue to_torch(const Value& value) {
  if (value.kind == Value::Kind::kTensor) return to_torch(value.tensor());
  if (value.kind == Value::Kind::kNone) return {};
  c10::List<at::Tensor> list;
  for (const Tensor& tensor : value.tensors) list.push_back(to_torch(tensor));
  return list;
}

Tensor from_torch(const at::Tensor& given) {
  const at::Tensor dense = given.contiguous().to(at::kCPU);
  Tensor tensor = make_tensor(from_scalar_type(dense.scalar_type()), dense.sizes().vec());
  if (!tensor.bytes.empty())
    std::memcpy(tensor.bytes.data(), dense.data_ptr(), tensor.bytes.size());
  return tensor;
}

Value from_torch(const std::string& name, const c10::IValue& given) {
  if (given.isTensor()) return make_value(name, from_torch(given.toTensor()));
  if (given.isNone()) return {name, Value::Kind::kNone, {}};
  Value sequence{name, Value::Kind::kSequence, {}};
  for (const at::Tensor& tensor : given.toTensorVector()) {
    sequence.tensors.push_back(from_torch(tensor));
  }
  return sequence;
}

void read_tensor(const at::Tensor& tensor, ModuleFacts& facts) {
  facts.weight_types.insert(from_scalar_type(tensor.scalar_type()));
  facts.devices.insert(c10::DeviceTypeName(tensor.device().type()));
  if (tensor.device().is_cpu()) ++facts.tensors_on_cpu;
}

bool contains_any(const std::string& kind, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return kind.find(word) != std::string::npos; });
}

void read_block(const torch::jit::Block& block, ModuleFacts& facts, int64_t& onednn) {
  for (const torch::jit::Node* node : block.nodes()) {
    const std::string kind = node->kind().toQualString();
    const bool is_constant = contains_any(kind, {"::Constant"});
    if (!is_constant) ++facts.nodes;
    if (!is_constant && contains_any(kind, {"mkldnn", "onednn"})) ++onednn;
    if (contains_any(kind, {"::qconv2d_pointwise", "::qlinear_pointwise"})) {
      ++facts.int8_products;
    } else if (contains_any(
                   kind, {"::conv", "_convolution", "::linear", "mkldnn_linear",
                          "_linear_pointwise", "::matmul", "::einsum", "::mm", "addmm", "bmm"})) {
      ++facts.f32_products;
    }
    if (node->hasAttribute(c10::attr::value) &&
        node->kindOf(c10::attr::value) == torch::jit::AttributeKind::t) {
      read_tensor(node->t(c10::attr::value), facts);
    }
    for (const torch::jit::Block* inner : node->blocks()) read_block(*inner, facts, onednn);
  }
}

// "torch", and the library's own operators on 8-bit integers.
struct Names : torch::jit::NativeResolver {
  std::shared_ptr<torch::jit::SugaredValue> resolveValue(
      const std::string& name, torch::jit::GraphFunction& function,
      const torch::jit::SourceRange& range) override {
    if (name == "onednn" || name == "quantized") {
      return std::make_shared<torch::jit::BuiltinModule>(name);
    }
    return NativeResolver::resolveValue(name, function, range);
  }
};

// Packs int8 weights once. Freezing leaves that for every run, since a packed tensor is opaque and
// can't be a constant; the library has a second kind of constant for those.
void pack_weights(torch::jit::Graph& graph) {
  std::vector<torch::jit::Node*> packings;
  for (torch::jit::Node* node : graph.nodes()) {
    if (contains_any(node->kind().toQualString(), {"_prepack"})) packings.push_back(node);
  }
  for (torch::jit::Node* node : packings) {
    torch::jit::Stack stack;
    for (const torch::jit::Value* input : node->inputs()) {
      const auto constant = torch::jit::toIValue(input);
      if (!constant) throw Error("the weights of an int8 operator are not constant");
      stack.push_back(*constant);
    }
    node->getOperation()(stack);
    torch::jit::Node* packed =
        graph.create(c10::Symbol::fromQualString("prim::ConstantMKLDNNTensor"));
    packed->t_(c10::attr::value, stack.back().toTensor());
    packed->insertBefore(node);
    node->output()->replaceAllUsesWith(packed->output());
    node->destroy();
  }
  torch::jit::EliminateDeadCode(graph.block());
}

}  // namespace

std::string library_version() {
  const std::string settings = at::show_config();
  const std::string key = "TORCH_VERSION=";
  const size_t at = settings.find(key);
  if (at == std::string::npos) throw Error("PyTorch does not say its version");
  return settings.substr(at + key.size(), settings.find_first_of(", \n", at) - at - key.size());
}

std::string keep_freed_memory() {
  const bool kept =
      mallopt(M_MMAP_THRESHOLD, INT_MAX) == 1 && mallopt(M_TRIM_THRESHOLD, INT_MAX) == 1;
  return kept ? "freed memory is kept" : "library default";
}

void set_threads(int count) { at::set_num_threads(count); }

int threads() { return at::get_num_threads(); }

// On the stream that PyTorch uses, CUDA's default one.
struct GpuRun {
  GpuRun(const Gpu& on, bool copies_each_run) : gpu(on), copies(copies_each_run) {
    for (cuda::Event** event : {&begin, &end}) gpu.check(gpu.api().create_event(event, 0), kEvents);
  }

  void record(cuda::Event* event) const {
    gpu.check(gpu.api().record_event(event, nullptr), kEvents);
  }
  void wait() const { gpu.check(gpu.api().synchronize(nullptr), "waiting for the GPU"); }

  static constexpr const char* kEvents = "timing on the GPU";
  const Gpu& gpu;
  bool copies;
  bool ran = false;
  cuda::Event* begin = nullptr;
  cuda::Event* end = nullptr;
  std::vector<at::Tensor> pinned_inputs;  // in the order of the tensors among the inputs
  std::vector<at::Tensor> inputs;         // the same on the GPU
  std::vector<at::Tensor> pinned_outputs;
};

struct Module::Parts {
  torch::jit::Module module{"Model"};
  std::vector<c10::IValue> inputs;
  c10::IValue result;
  std::optional<GpuRun> gpu;
};

namespace {

std::vector<at::Tensor> tensors_of(const c10::IValue& result) {
  if (result.isTensor()) return {result.toTensor()};
  if (!result.isTuple()) throw Unsupported("PyTorch: outputs on a GPU that are not tensors");
  std::vector<at::Tensor> tensors;
  for (const c10::IValue& one : result.toTupleRef().elements()) {
    if (!one.isTensor()) throw Unsupported("PyTorch: outputs on a GPU that are not tensors");
    tensors.push_back(one.toTensor());
  }
  return tensors;
}

// Asynchronously, into pinned memory that is kept.
void copy_outputs(GpuRun& run, const c10::IValue& result) {
  const std::vector<at::Tensor> tensors = tensors_of(result);
  run.pinned_outputs.resize(tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    at::Tensor& pinned = run.pinned_outputs[i];
    if (!pinned.defined() || pinned.sizes() != tensors[i].sizes()) {
      pinned =
          at::empty(tensors[i].sizes(), tensors[i].options().device(at::kCPU).pinned_memory(true));
    }
    pinned.copy_(tensors[i], true);
  }
}

}  // namespace

bool allow_tf32(bool allow) {
  at::Context& context = at::globalContext();
  context.setAllowTF32CuDNN(allow);
  context.setAllowTF32CuBLAS(allow);
  return context.allowTF32CuDNN() || context.allowTF32CuBLAS();
}

Module::Module(const Program& program, const Gpu* gpu, bool copies)
    : parts_(std::make_unique<Parts>()) {
  if (gpu != nullptr) parts_->gpu.emplace(*gpu, copies);
  translating_failures([&] {
    const c10::InferenceMode no_gradients;
    torch::jit::Module& module = parts_->module;
    module.register_attribute("training", c10::BoolType::get(), false);
    for (const auto& [name, constant] : program.constants) {
      const at::Tensor tensor = constant_tensor(constant);
      module.register_buffer(name, gpu == nullptr ? tensor : tensor.to(at::kCUDA));
    }
    module.define(gpu == nullptr ? program.source : with_device(program.source, "cuda"),
                  std::make_shared<Names>());
  });
}

Module::Module(const std::string& path) : parts_(std::make_unique<Parts>()) {
  translating_failures([&] { parts_->module = torch::jit::load(path); });
}

Module::~Module() = default;

void Module::optimize() {
  translating_failures([&] {
    const c10::InferenceMode no_gradients;
    // Freezing deletes all methods but these, although the stack of an error points to them.
    std::vector<std::string> helpers;
    for (const torch::jit::Method& method : parts_->module.get_methods()) {
      if (method.name() != "forward") helpers.push_back(method.name());
    }
    torch::jit::Module frozen = torch::jit::freeze(parts_->module, helpers);
    pack_weights(*frozen.get_method("forward").graph());
    parts_->module = torch::jit::optimize_for_inference(frozen);
  });
}

ModuleFacts Module::facts() const {
  return translating_failures([&] {
    ModuleFacts facts;
    int64_t onednn = 0;
    read_block(*parts_->module.get_method("forward").graph()->block(), facts, onednn);
    for (const at::Tensor& tensor : parts_->module.buffers()) read_tensor(tensor, facts);
    if (parts_->gpu) {
      facts.devices.insert(c10::DeviceTypeName(c10::DeviceType::CUDA));
      facts.settings["precision_of_products"] =
          at::globalContext().allowTF32CuDNN() || at::globalContext().allowTF32CuBLAS() ? "tf32"
                                                                                        : "f32";
    }
    // A program without tensors computes where its inputs lie.
    if (facts.devices.empty()) facts.devices.insert(c10::DeviceTypeName(c10::DeviceType::CPU));
    facts.settings["onednn_nodes"] = std::to_string(onednn);
    if (facts.int8_products > 0) {
      facts.settings["node_precisions"] =
          "int8 " + std::to_string(facts.int8_products) +
          (facts.f32_products > 0 ? ", f32 " + std::to_string(facts.f32_products) : "");
    }
    facts.settings["cpu_capability"] = at::get_cpu_capability();
    return facts;
  });
}

void Module::set_inputs(const std::vector<Value>& inputs) {
  translating_failures([&] {
    const c10::InferenceMode no_gradients;
    parts_->inputs.clear();
    for (const Value& value : inputs) parts_->inputs.push_back(to_torch(value));
    if (!parts_->gpu) return;
    GpuRun& run = *parts_->gpu;
    run.pinned_inputs.clear();
    run.inputs.clear();
    for (c10::IValue& input : parts_->inputs) {
      if (!input.isTensor()) throw Unsupported("PyTorch: inputs on a GPU that are not tensors");
      run.pinned_inputs.push_back(input.toTensor().pin_memory());
      run.inputs.push_back(run.pinned_inputs.back().to(at::kCUDA));
      input = run.inputs.back();
    }
  });
}

void Module::run() {
  translating_failures([&] {
    const c10::InferenceMode no_gradients;
    // So that the last outputs' memory can hold the new ones.
    parts_->result = {};
    if (parts_->gpu) return run_on_gpu();
    parts_->result = parts_->module.forward(parts_->inputs);
  });
}

void Module::run_on_gpu() {
  GpuRun& run = *parts_->gpu;
  if (run.copies) {
    for (size_t i = 0; i < run.inputs.size(); ++i) run.inputs[i].copy_(run.pinned_inputs[i], true);
  }
  run.record(run.begin);
  parts_->result = parts_->module.forward(parts_->inputs);
  run.record(run.end);
  if (run.copies) copy_outputs(run, parts_->result);
  run.wait();
  run.ran = true;
}

std::optional<double> Module::gpu_s() const {
  if (!parts_->gpu || !parts_->gpu->ran) return std::nullopt;
  const GpuRun& run = *parts_->gpu;
  float ms = 0;
  run.gpu.check(run.gpu.api().elapsed_ms(&ms, run.begin, run.end), "timing on the GPU");
  return static_cast<double>(ms) / 1e3;
}

std::vector<Value> Module::outputs(const std::vector<import::Parameter>& outputs) const {
  return translating_failures([&] {
    std::vector<Value> values;
    const c10::IValue& result = parts_->result;
    for (size_t i = 0; i < outputs.size(); ++i) {
      const c10::IValue& one = outputs.size() == 1 ? result : result.toTupleRef().elements().at(i);
      values.push_back(from_torch(outputs[i].name, one));
    }
    return values;
  });
}

void Module::save(const std::string& path) const {
  translating_failures([&] { parts_->module.save(path); });
}

}  // namespace dnnbench::pytorch
