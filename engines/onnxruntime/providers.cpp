#include "providers.h"

#include <dlfcn.h>

#include <vector>

#include "core/commands.h"
#include "core/error.h"
#include "core/precision.h"
#include "protocol/precision.h"

namespace dnnbench::ort {
namespace {

const std::string kProviders = DNNBENCH_ONNXRUNTIME_PROVIDERS;  // "", "openvino", "cuda tensorrt"

using Options = std::map<std::string, std::string>;
using CudaOptions =
    std::unique_ptr<OrtCUDAProviderOptionsV2, Releaser<&Api::ReleaseCUDAProviderOptions>>;
using TensorRtOptions =
    std::unique_ptr<OrtTensorRTProviderOptionsV2, Releaser<&Api::ReleaseTensorRTProviderOptions>>;

struct Pairs {
  explicit Pairs(const Options& options) {
    for (const auto& [key, value] : options) {
      keys.push_back(key.c_str());
      values.push_back(value.c_str());
    }
  }
  std::vector<const char*> keys;
  std::vector<const char*> values;
};

std::string switched(bool on) { return on ? "1" : "0"; }

Options cuda_options(const LoadConfig& config) {
  Options options{{"device_id", "0"},  // the one that is left visible
                  {"do_copy_in_default_stream", "1"},
                  {"enable_cuda_graph", switched(config.cuda_graph && config.provider == "cuda")}};
  if (config.precision != "default") options["use_tf32"] = switched(allows_tf32(config.precision));
  return options;
}

std::string add_cuda(OrtSessionOptions& session, const LoadConfig& config, const Gpu& gpu) {
  const Api& api = library().api;
  const auto options = owned<CudaOptions>(
      [&](OrtCUDAProviderOptionsV2** out) { return api.CreateCUDAProviderOptions(out); });
  const Options wanted = cuda_options(config);
  const Pairs pairs(wanted);
  check(api.UpdateCUDAProviderOptions(options.get(), pairs.keys.data(), pairs.values.data(),
                                      pairs.keys.size()));
  check(api.UpdateCUDAProviderOptionsWithValue(options.get(), "user_compute_stream", gpu.stream()));
  check(api.SessionOptionsAppendExecutionProvider_CUDA_V2(&session, options.get()));
  char* text = nullptr;
  check(api.GetCUDAProviderOptionsAsString(options.get(), library().allocator, &text));
  return take_text(text);
}

std::string add_tensorrt(OrtSessionOptions& session, const LoadConfig& config, const Gpu& gpu) {
  const Api& api = library().api;
  const auto options = owned<TensorRtOptions>(
      [&](OrtTensorRTProviderOptionsV2** out) { return api.CreateTensorRTProviderOptions(out); });
  const Options wanted{{"device_id", "0"},
                       {"trt_fp16_enable", switched(config.precision == "f16")},
                       {"trt_bf16_enable", switched(config.precision == "bf16")},
                       {"trt_cuda_graph_enable", switched(config.cuda_graph)}};
  const Pairs pairs(wanted);
  check(api.UpdateTensorRTProviderOptions(options.get(), pairs.keys.data(), pairs.values.data(),
                                          pairs.keys.size()));
  check(api.UpdateTensorRTProviderOptionsWithValue(options.get(), "user_compute_stream",
                                                   gpu.stream()));
  check(api.SessionOptionsAppendExecutionProvider_TensorRT_V2(&session, options.get()));
  char* text = nullptr;
  check(api.GetTensorRTProviderOptionsAsString(options.get(), library().allocator, &text));
  return take_text(text);
}

std::string add_openvino(OrtSessionOptions& session, const LoadConfig& config) {
  Options options{{"device_type", "CPU"},
                  {"num_of_threads", std::to_string(config.threads)},
                  {"num_streams", "1"}};
  if (config.precision == "f32") options["precision"] = "FP32";
  const Pairs pairs(options);
  check(library().api.SessionOptionsAppendExecutionProvider_OpenVINO_V2(
      &session, pairs.keys.data(), pairs.values.data(), pairs.keys.size()));
  std::string text;
  for (const auto& [key, value] : options) text += (text.empty() ? "" : ";") + key + "=" + value;
  return text;
}

bool has(const std::string& provider) {
  return (" " + kProviders + " ").find(" " + provider + " ") != std::string::npos;
}

// The provider opens TensorRT's own library, which another script fetches.
std::string why_no_tensorrt() {
  if (dlopen("libnvinfer.so.10", RTLD_LAZY | RTLD_LOCAL) != nullptr) return "";
  return std::string("TensorRT can't be loaded (") + dlerror() + "); " + bench_name() +
         " --device=gpu --ort-tensorrt fetches it";
}

}  // namespace

bool is_for_gpus(const std::string& provider) {
  return provider == "cuda" || provider == "tensorrt";
}

std::string why_not_gpu(const std::string& provider) {
  if (has("cuda")) return provider == "tensorrt" ? why_no_tensorrt() : "";
  return kProviders.empty() ? "ONNX Runtime computes on a GPU with --ort-cuda or --ort-tensorrt"
                            : "ONNX Runtime's OpenVINO provider is for CPUs here";
}

void require_supported(const LoadConfig& config) {
  const std::string& provider = config.provider;
  if (!provider.empty() && !has(provider)) {
    throw Unsupported("the ONNX Runtime engine has no provider \"" + provider + "\" in this build");
  }
  const std::string& precision = config.precision;
  if (precision == "f32" || precision == "default") return;
  if (is_quantised(precision)) {
    if (provider.empty()) return;
    throw Unsupported("quantised models run on ONNX Runtime's CPU provider alone here");
  }
  if (provider == "tensorrt") return;
  if (provider == "cuda" && precision == "tf32") return;
  const std::string who = provider == "cuda"       ? "ONNX Runtime's CUDA provider"
                          : provider == "openvino" ? "ONNX Runtime's OpenVINO provider"
                                                   : "ONNX Runtime's CPU provider";
  if (provider == "openvino") throw Unsupported(who + " has no switch to " + precision);
  throw Unsupported(who + " computes in the model's own types and has no switch to " + precision);
}

std::map<std::string, std::string> add_provider(OrtSessionOptions& options,
                                                const LoadConfig& config, const Gpu* gpu) {
  std::map<std::string, std::string> said;
  if (config.provider == "openvino") said["openvino_options"] = add_openvino(options, config);
  if (gpu == nullptr) return said;
  if (config.provider == "tensorrt") said["tensorrt_options"] = add_tensorrt(options, config, *gpu);
  said["cuda_options"] = add_cuda(options, config, *gpu);  // also for what TensorRT can't do
  return said;
}

std::string precision_in_force(const LoadConfig& config, const ModelOutline& outline,
                               const Gpu* gpu) {
  const std::string& provider = config.provider;
  if (provider.empty() && (outline.is_quantised || outline.has_quantised_weights)) return "";
  if (outline.is_quantised) return "unknown";
  std::string of_model = precision_of(outline.element_types);
  const bool has_f64 = provider != "openvino" && provider != "tensorrt";
  if (of_model == "f64" && !has_f64) of_model = "f32";
  if (gpu == nullptr || of_model != "f32") return of_model;
  // TensorRT chooses for each layer.
  if (config.precision == "f16" || config.precision == "bf16") return "mixed";
  return allows_tf32(config.precision) && gpu->has_tf32() ? "tf32" : "f32";
}

bool optimizes(const LoadConfig& config) {
  return config.optimize && config.provider != "openvino";
}

}  // namespace dnnbench::ort
