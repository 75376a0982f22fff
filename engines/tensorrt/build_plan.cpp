#include "build_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"
#include "core/precision.h"

namespace dnnbench::tensorrt {
namespace {

using nvinfer1::BuilderFlag;
using nvinfer1::IBuilder;
using nvinfer1::IBuilderConfig;
using nvinfer1::INetworkDefinition;

template <typename T>
T* required(T* object, const Library& library) {
  if (object == nullptr) throw Error(const_cast<Library&>(library).logger().last_error());
  return object;
}

[[noreturn]] void refuse(const nvonnxparser::IParser& parser, const Logger& logger) {
  for (int i = 0; i < parser.getNbErrors(); ++i) {
    const nvonnxparser::IParserError& error = *parser.getError(i);
    const int code = static_cast<int>(error.code());
    if (code >= static_cast<int>(nvonnxparser::ErrorCode::kUNSUPPORTED_NODE)) {
      throw Unsupported(fmt::format("TensorRT: operator {}, node \"{}\": {}", error.nodeOperator(),
                                    error.nodeName(), error.desc()));
    }
  }
  if (parser.getNbErrors() == 0) throw Error(logger.last_error());
  throw Error(fmt::format("TensorRT: {}", parser.getError(0)->desc()));
}

nvinfer1::Dims dims_of(const std::vector<int64_t>& shape) {
  nvinfer1::Dims dims{};
  if (shape.size() > nvinfer1::Dims::MAX_DIMS) {
    throw Unsupported(fmt::format("TensorRT has no tensors of {} dimensions", shape.size()));
  }
  dims.nbDims = static_cast<int>(shape.size());
  for (size_t i = 0; i < shape.size(); ++i)
    dims.d[i] = static_cast<decltype(dims.d[0] + 0)>(shape[i]);
  return dims;
}

// Open dimensions get the run's sizes and no others.
void fix_sizes(IBuilder& builder, const INetworkDefinition& network, IBuilderConfig& config,
               const LoadConfig& wanted) {
  nvinfer1::IOptimizationProfile* const profile = builder.createOptimizationProfile();
  bool is_used = false;
  for (int i = 0; i < network.getNbInputs(); ++i) {
    const nvinfer1::ITensor& input = *network.getInput(i);
    if (input.isShapeTensor()) {
      throw Unsupported(
          fmt::format("TensorRT: the input \"{}\" decides shapes, which this engine can't fix",
                      input.getName()));
    }
    const auto shape = wanted.input_shapes.find(input.getName());
    if (shape == wanted.input_shapes.end()) continue;
    const nvinfer1::Dims dims = dims_of(shape->second);
    for (const auto selector :
         {nvinfer1::OptProfileSelector::kMIN, nvinfer1::OptProfileSelector::kOPT,
          nvinfer1::OptProfileSelector::kMAX}) {
      profile->setDimensions(input.getName(), selector, dims);
    }
    is_used = true;
  }
  if (is_used) config.addOptimizationProfile(profile);
}

void set_precision(IBuilderConfig& config, const LoadConfig& wanted) {
  if (allows_tf32(wanted.precision)) {
    config.setFlag(BuilderFlag::kTF32);
  } else {
    config.clearFlag(BuilderFlag::kTF32);
  }
#if NV_TENSORRT_MAJOR < 11
  if (wanted.precision == "f16") config.setFlag(BuilderFlag::kFP16);
  if (wanted.precision == "bf16") config.setFlag(BuilderFlag::kBF16);
#else
  if (wanted.precision == "f16" || wanted.precision == "bf16") {
    throw Unsupported("TensorRT 11 computes in the model's own types and has no switch to " +
                      wanted.precision);
  }
#endif
  config.setProfilingVerbosity(nvinfer1::ProfilingVerbosity::kDETAILED);  // for reading it back
}

}  // namespace

std::string build_plan(Library& library, const LoadConfig& config) {
  const auto builder = library.create_builder();
  required(builder.get(), library);
  const std::unique_ptr<INetworkDefinition> network(required(builder->createNetworkV2(0), library));
  const auto parser = library.create_parser(*network);
  required(parser.get(), library);
  const std::string& model = config.original_fails ? config.inlined_path : config.model_path;
  if (!parser->parseFromFile(model.c_str(),
                             static_cast<int>(nvinfer1::ILogger::Severity::kERROR))) {
    refuse(*parser, library.logger());
  }
  const std::unique_ptr<IBuilderConfig> builder_config(
      required(builder->createBuilderConfig(), library));
  fix_sizes(*builder, *network, *builder_config, config);
  set_precision(*builder_config, config);
  const std::unique_ptr<nvinfer1::IHostMemory> plan(
      required(builder->buildSerializedNetwork(*network, *builder_config), library));
  return {static_cast<const char*>(plan->data()), plan->size()};
}

std::string settings_of(const LoadConfig& config) {
  std::string settings = "precision=" + config.precision;
  if (config.original_fails) settings += ";inlined";
  for (const auto& [name, shape] : config.input_shapes) {
    settings += fmt::format(";{}={}", name, fmt::join(shape, ","));
  }
  std::replace(settings.begin(), settings.end(), '\n', ' ');
  return settings;
}

}  // namespace dnnbench::tensorrt
