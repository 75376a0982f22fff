#include "module.h"

#include <ATen/Config.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <malloc.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/script.h>

#include <climits>
#include <cstring>

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
  const at::Tensor dense = given.contiguous();
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
}

void read_block(const torch::jit::Block& block, ModuleFacts& facts, int64_t& onednn) {
  for (const torch::jit::Node* node : block.nodes()) {
    const std::string kind = node->kind().toQualString();
    if (node->kind() != c10::prim::Constant) ++facts.nodes;
    if (kind.find("mkldnn") != std::string::npos) ++onednn;
    if (node->hasAttribute(c10::attr::value) &&
        node->kindOf(c10::attr::value) == torch::jit::AttributeKind::t) {
      read_tensor(node->t(c10::attr::value), facts);
    }
    for (const torch::jit::Block* inner : node->blocks()) read_block(*inner, facts, onednn);
  }
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

struct Module::Parts {
  torch::jit::Module module{"Model"};
  std::vector<c10::IValue> inputs;
  c10::IValue result;
};

Module::Module(const Program& program) : parts_(std::make_unique<Parts>()) {
  translating_failures([&] {
    const c10::InferenceMode no_gradients;
    torch::jit::Module& module = parts_->module;
    module.register_attribute("training", c10::BoolType::get(), false);
    for (const auto& [name, constant] : program.constants) {
      module.register_buffer(name, constant_tensor(constant));
    }
    module.define(program.source);
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
    parts_->module = torch::jit::optimize_for_inference(frozen);
  });
}

ModuleFacts Module::facts() const {
  return translating_failures([&] {
    ModuleFacts facts;
    int64_t onednn = 0;
    read_block(*parts_->module.get_method("forward").graph()->block(), facts, onednn);
    for (const at::Tensor& tensor : parts_->module.buffers()) read_tensor(tensor, facts);
    // A program without tensors computes where its inputs lie.
    if (facts.devices.empty()) facts.devices.insert(c10::DeviceTypeName(c10::DeviceType::CPU));
    facts.settings["onednn_nodes"] = std::to_string(onednn);
    facts.settings["cpu_capability"] = at::get_cpu_capability();
    return facts;
  });
}

void Module::set_inputs(const std::vector<Value>& inputs) {
  translating_failures([&] {
    const c10::InferenceMode no_gradients;
    parts_->inputs.clear();
    for (const Value& value : inputs) parts_->inputs.push_back(to_torch(value));
  });
}

void Module::run() {
  translating_failures([&] {
    const c10::InferenceMode no_gradients;
    // So that the last outputs' memory can hold the new ones.
    parts_->result = {};
    parts_->result = parts_->module.forward(parts_->inputs);
  });
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
