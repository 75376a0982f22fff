#include "gpu_binding.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"

namespace dnnbench::ort {
namespace {

constexpr int kDeviceAllocator = 0;
constexpr int kDefaultMemory = 0;
constexpr int kNoGraph = -1;

}  // namespace

GpuBinding::GpuBinding(OrtSession& session, const Gpu& gpu, bool copies, bool graph)
    : session_(session), gpu_(gpu), graph_(graph), transfers_(gpu, copies) {
  const Api& api = library().api;
  memory_ = owned<MemoryInfo>([&](OrtMemoryInfo** out) {
    return api.CreateMemoryInfo("Cuda", kDeviceAllocator, 0, kDefaultMemory, out);
  });
  run_options_ = owned<RunOptions>([&](OrtRunOptions** out) { return api.CreateRunOptions(out); });
  // The library's copies and kernels are on our stream, which run() waits for.
  check(api.AddRunConfigEntry(run_options_.get(), "disable_synchronize_execution_providers", "1"));
}

// A graph keeps the addresses that it was captured with, so each binding has its own, by number.
void GpuBinding::set_graph(int id) {
  if (!graph_) return;
  check(library().api.AddRunConfigEntry(run_options_.get(), "gpu_graph_id",
                                        std::to_string(id).c_str()));
}

OwnedValue GpuBinding::on_gpu(const GpuBuffer& buffer, const Tensor& tensor) const {
  return owned<OwnedValue>([&](OrtValue** out) {
    return library().api.CreateTensorWithDataAsOrtValue(
        memory_.get(), buffer.device(), buffer.bytes(), tensor.shape.data(), tensor.shape.size(),
        element_type_of(tensor.type), out);
  });
}

void GpuBinding::set_inputs(const std::vector<Value>& inputs,
                            const std::vector<Signature>& signatures,
                            const std::vector<std::string>& output_names) {
  const Api& api = library().api;
  binding_ =
      owned<IoBinding>([&](OrtIoBinding** out) { return api.CreateIoBinding(&session_, out); });
  bound_.clear();
  outputs_.clear();
  transfers_.clear();
  for (const Signature& signature : signatures) {
    const auto given = std::find_if(inputs.begin(), inputs.end(),
                                    [&](const Value& v) { return v.name == signature.name; });
    if (given == inputs.end()) {
      throw Error("the model's input \"" + signature.name + "\" was not given");
    }
    if (given->kind != Value::Kind::kTensor || given->tensor().type == DataType::kString) {
      throw Unsupported("the input \"" + signature.name +
                        "\" is not a tensor of numbers, which alone can lie on a GPU");
    }
    to_ort(*given, signature);  // throws where it doesn't fit
    const Tensor& tensor = given->tensor();
    const GpuBuffer& buffer = transfers_.add_input(std::as_bytes(std::span(tensor.bytes)));
    bound_.push_back(on_gpu(buffer, tensor));
    check(api.BindInput(binding_.get(), signature.name.c_str(), bound_.back().get()));
  }
  learn_outputs(output_names);
}

// Runs once with outputs that the library allocates, then binds buffers of their sizes.
void GpuBinding::learn_outputs(const std::vector<std::string>& names) {
  const Library& ort = library();
  set_graph(kNoGraph);
  for (const std::string& name : names) {
    check(ort.api.BindOutputToDevice(binding_.get(), name.c_str(), memory_.get()));
  }
  transfers_.run(
      [&] { check(ort.api.RunWithBinding(&session_, run_options_.get(), binding_.get())); });
  OrtValue** values = nullptr;
  size_t count = 0;
  check(ort.api.GetBoundOutputValues(binding_.get(), ort.allocator, &values, &count));
  std::vector<OwnedValue> learnt;
  for (size_t i = 0; i < count; ++i) learnt.emplace_back(values[i]);
  if (values != nullptr) check(ort.api.AllocatorFree(ort.allocator, values));
  if (count != names.size()) throw Error("ONNX Runtime returned a different number of outputs");
  for (size_t i = 0; i < count; ++i) outputs_.push_back({names[i], shape_of(names[i], *learnt[i])});
  learnt.clear();
  ort.api.ClearBoundOutputs(binding_.get());
  for (const Output& output : outputs_) {
    const GpuBuffer& buffer = transfers_.add_output(output.shaped.bytes.size());
    bound_.push_back(on_gpu(buffer, output.shaped));
    check(ort.api.BindOutput(binding_.get(), output.name.c_str(), bound_.back().get()));
  }
  set_graph(++graphs_);
}

void GpuBinding::run() {
  transfers_.run(
      [&] { check(library().api.RunWithBinding(&session_, run_options_.get(), binding_.get())); });
}

std::vector<Value> GpuBinding::outputs() const {
  std::vector<Value> values;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    Tensor tensor = outputs_[i].shaped;
    const auto bytes = transfers_.output(i);
    if (!bytes.empty()) std::memcpy(tensor.bytes.data(), bytes.data(), bytes.size());
    values.push_back(make_value(outputs_[i].name, std::move(tensor)));
  }
  return values;
}

}  // namespace dnnbench::ort
