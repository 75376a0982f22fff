// TensorRT through its own C++ interface: an ONNX model becomes a plan for this GPU, which is kept
// in the cache (gpu/plan_cache.h).
#include "worker/engine.h"

#include <fmt/format.h>

#include <cstring>
#include <optional>

#include "build_plan.h"
#include "core/cache.h"
#include "core/error.h"
#include "core/precision.h"
#include "gpu/device.h"
#include "gpu/plan_cache.h"
#include "import/model_hash.h"
#include "library.h"

namespace dnnbench {
namespace {

using tensorrt::Library;

DataType from_tensorrt(nvinfer1::DataType type) {
  switch (type) {
    case nvinfer1::DataType::kFLOAT:
      return DataType::kFloat32;
    case nvinfer1::DataType::kHALF:
      return DataType::kFloat16;
    case nvinfer1::DataType::kBF16:
      return DataType::kBfloat16;
    case nvinfer1::DataType::kINT8:
      return DataType::kInt8;
    case nvinfer1::DataType::kUINT8:
      return DataType::kUint8;
    case nvinfer1::DataType::kINT32:
      return DataType::kInt32;
    case nvinfer1::DataType::kINT64:
      return DataType::kInt64;
    case nvinfer1::DataType::kBOOL:
      return DataType::kBool;
    default:
      throw Unsupported("TensorRT: an input or output of a type that this engine does not read");
  }
}

std::vector<int64_t> shape_of(const nvinfer1::Dims& dims, const char* name) {
  std::vector<int64_t> shape(dims.d, dims.d + std::max(0, dims.nbDims));
  for (const int64_t size : shape) {
    if (size < 0) {
      throw Unsupported(fmt::format(
          "TensorRT: the shape of \"{}\" depends on the inputs' values, for which this engine has "
          "no buffers",
          name));
    }
  }
  return shape;
}

size_t count(const std::string& text, const std::string& word) {
  size_t found = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

class TensorRtEngine : public Engine {
 public:
  std::string version() override { return library().version(); }
  Abilities abilities(const std::string&) override {
    return {.compiles_ahead = true, .why_not_cpu = kOnGpusOnly, .why_not_gpu = ""};
  }

  LoadTimes load(const LoadConfig& config) override {
    clear();
    prepare_environment(config.gpu_uuid, allows_tf32(config.precision));
    config_ = config;
    if (!gpu_) gpu_ = std::make_unique<Gpu>();
    if (!runtime_) runtime_ = library().create_runtime();
    if (!runtime_) throw Error(library().logger().last_error());
    const LoadTimes times = open_engine();
    context_.reset(engine_->createExecutionContext());
    if (!context_) throw Error(library().logger().last_error());
    transfers_.emplace(*gpu_, config.io == "host");
    return times;
  }

  InForce in_force() override {
    const std::unique_ptr<nvinfer1::IEngineInspector> inspector(engine_->createEngineInspector());
    const char* text =
        inspector ? inspector->getEngineInformation(nvinfer1::LayerInformationFormat::kJSON)
                  : nullptr;
    const std::string layers = text == nullptr ? "" : text;
    const size_t half = count(layers, "FP16") + count(layers, "Half");
    const size_t bf16 = count(layers, "BF16") + count(layers, "BFloat16");
    const size_t single = count(layers, "FP32") + count(layers, "Float\"");
    const bool tf32 = allows_tf32(config_.precision) && gpu_->has_tf32();
    std::string precision = tf32 ? "tf32" : "f32";
    if (half + bf16 > 0)
      precision = single > 0 || half * bf16 > 0 ? "mixed" : half > 0 ? "f16" : "bf16";
    return {precision,
            1,
            {{gpu_->name(), engine_->getNbLayers(), false}},
            {{"plan", cached_ ? "from the cache" : "built"},
             {"tf32", tf32 ? "on" : "off"},
             {"layers_f16", std::to_string(half)},
             {"layers_bf16", std::to_string(bf16)},
             {"cuda_graph", config_.cuda_graph ? "on" : "off"},
             {"placement_read", "of the plan's layers, after fusion"}}};
  }

  void set_inputs(const std::vector<Value>& inputs) override {
    transfers_->clear();
    outputs_.clear();
    for (const Value& value : inputs) add_input(value);
    for (int i = 0; i < engine_->getNbIOTensors(); ++i) {
      const char* const name = engine_->getIOTensorName(i);
      if (engine_->getTensorIOMode(name) == nvinfer1::TensorIOMode::kOUTPUT) add_output(name);
    }
    transfers_->run([this] { enqueue(); });
    if (config_.cuda_graph) transfers_->capture([this] { enqueue(); });
  }

  void run() override {
    transfers_->run([this] { enqueue(); });
  }

  std::optional<double> gpu_s() override {
    return transfers_ ? transfers_->compute_s() : std::nullopt;
  }

  std::vector<Value> outputs() override {
    std::vector<Value> values = outputs_;
    for (size_t i = 0; i < values.size(); ++i) {
      const auto bytes = transfers_->output(i);
      if (!bytes.empty()) std::memcpy(values[i].tensor().bytes.data(), bytes.data(), bytes.size());
    }
    return values;
  }

 private:
  Library& library() {
    if (!library_) library_ = std::make_unique<Library>();
    return *library_;
  }

  // From the cache, or built.
  LoadTimes open_engine() {
    const PlanCache cache(compiled_folder("tensorrt"));
    const PlanKey key{
        import::hash_with_weights(config_.model_path), "TensorRT " + library().version(),
        fmt::format("{} sm_{}", gpu_->name(), gpu_->sm()), tensorrt::settings_of(config_)};
    const auto open = [this](const std::string& plan) {
      engine_.reset(runtime_->deserializeCudaEngine(plan.data(), plan.size()));
      return engine_ != nullptr;
    };
    const auto build_s =
        cache.open_or_build(key, open, [this] { return tensorrt::build_plan(library(), config_); });
    cached_ = !build_s;
    return {.compile_s = build_s};
  }

  void add_input(const Value& value) {
    const char* const name = value.name.c_str();
    if (engine_->getTensorIOMode(name) != nvinfer1::TensorIOMode::kINPUT) {
      throw Error(fmt::format("the model has no input \"{}\"", name));
    }
    if (value.kind != Value::Kind::kTensor) {
      throw Unsupported(fmt::format("TensorRT: the input \"{}\" is not a tensor", name));
    }
    const Tensor& tensor = value.tensor();
    const DataType type = from_tensorrt(engine_->getTensorDataType(name));
    nvinfer1::Dims dims{};
    dims.nbDims = static_cast<int>(tensor.shape.size());
    std::copy(tensor.shape.begin(), tensor.shape.end(), dims.d);
    if (tensor.type != type || !context_->setInputShape(name, dims)) {
      throw Error(fmt::format("the model's input \"{}\" takes {}, not {}", name, to_string(type),
                              describe(tensor.type, tensor.shape)));
    }
    context_->setTensorAddress(
        name, transfers_->add_input(std::as_bytes(std::span(tensor.bytes))).device());
  }

  void add_output(const char* name) {
    outputs_.push_back(
        make_value(name, make_tensor(from_tensorrt(engine_->getTensorDataType(name)),
                                     shape_of(context_->getTensorShape(name), name))));
    context_->setTensorAddress(
        name, transfers_->add_output(outputs_.back().tensor().bytes.size()).device());
  }

  void enqueue() {
    if (!context_->enqueueV3(reinterpret_cast<cudaStream_t>(gpu_->stream()))) {
      throw Error(library().logger().last_error());
    }
  }

  void clear() {
    transfers_.reset();
    context_.reset();
    engine_.reset();
    outputs_.clear();
    cached_ = false;
  }

  LoadConfig config_;
  bool cached_ = false;
  std::unique_ptr<Gpu> gpu_;
  std::unique_ptr<Library> library_;
  std::unique_ptr<nvinfer1::IRuntime> runtime_;
  std::unique_ptr<nvinfer1::ICudaEngine> engine_;
  std::unique_ptr<nvinfer1::IExecutionContext> context_;
  std::optional<GpuTransfers> transfers_;
  std::vector<Value> outputs_;  // with the type and shape of each
};

}  // namespace

std::unique_ptr<Engine> make_engine() { return std::make_unique<TensorRtEngine>(); }

}  // namespace dnnbench
