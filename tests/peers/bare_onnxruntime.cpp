// The least that times ONNX Runtime: one session, one loop, two clock readings a call. None of
// the benchmark's process, protocol or adapter takes part, so that compare.py can show what they
// add. Prints the seconds of each call as JSON.
#include <dlfcn.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "inputs/npy.h"
#include "ort_api.h"

namespace {

namespace ort = dnnbench::ort;

constexpr double kWarmup_s = 0.5;

constexpr const char* kUsage =
    "Usage: bare_onnxruntime LIBRARY MODEL THREADS SECONDS [DIMENSION:SIZE]... INPUT=FILE.npy...\n";

struct Call {
  OrtSession* session;
  std::vector<const char*> input_names;
  std::vector<const OrtValue*> inputs;
  std::vector<const char*> output_names;
};

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

ort::Api open_library(const char* path) {
  setenv("ORT_DISABLE_TELEMETRY", "1", 1);
  void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(1);
  }
  const auto get_base = reinterpret_cast<const ort::ApiBase* (*)()>(dlsym(handle, "OrtGetApiBase"));
  return ort::Api(get_base()->GetApi(ort::kApiVersion));
}

void check(const ort::Api& api, OrtStatus* status) {
  if (status == nullptr) return;
  std::fprintf(stderr, "%s\n", api.GetErrorMessage(status));
  std::exit(1);
}

OrtValue* read_input(const ort::Api& api, OrtAllocator* allocator, const std::string& file) {
  const dnnbench::Tensor tensor = dnnbench::read_npy(file);
  OrtValue* value = nullptr;
  check(api, api.CreateTensorAsOrtValue(allocator, tensor.shape.data(), tensor.shape.size(),
                                        static_cast<int>(tensor.type), &value));
  void* data = nullptr;
  check(api, api.GetTensorMutableData(value, &data));
  std::memcpy(data, tensor.bytes.data(), tensor.bytes.size());
  return value;
}

Call prepare(const ort::Api& api, char** arguments) {
  OrtEnv* env = nullptr;
  OrtSessionOptions* options = nullptr;
  OrtAllocator* allocator = nullptr;
  Call call{};
  check(api, api.CreateEnv(ort::kLogWarning, "bare", &env));
  check(api, api.CreateSessionOptions(&options));
  check(api, api.SetIntraOpNumThreads(options, std::atoi(arguments[3])));
  check(api, api.SetSessionGraphOptimizationLevel(options, ort::kEnableAll));
  check(api, api.GetAllocatorWithDefaultOptions(&allocator));
  for (char** argument = arguments + 5; *argument != nullptr; ++argument) {
    const std::string text = *argument;
    const size_t equals = text.find('=');
    if (equals == std::string::npos) {
      const size_t colon = text.find(':');
      check(api, api.AddFreeDimensionOverrideByName(options, text.substr(0, colon).c_str(),
                                                    std::stoll(text.substr(colon + 1))));
    } else {
      call.input_names.push_back(strdup(text.substr(0, equals).c_str()));
      call.inputs.push_back(read_input(api, allocator, text.substr(equals + 1)));
    }
  }
  check(api, api.CreateSession(env, arguments[2], options, &call.session));
  size_t outputs = 0;
  check(api, api.SessionGetOutputCount(call.session, &outputs));
  for (size_t i = 0; i < outputs; ++i) {
    char* name = nullptr;
    check(api, api.SessionGetOutputName(call.session, i, allocator, &name));
    call.output_names.push_back(name);
  }
  return call;
}

std::vector<double> run_for(const ort::Api& api, const Call& call, double duration_s) {
  std::vector<double> times_s;
  std::vector<OrtValue*> outputs(call.output_names.size());
  const double end_s = seconds_now() + duration_s;
  do {
    const double start_s = seconds_now();
    OrtStatus* status =
        api.Run(call.session, nullptr, call.input_names.data(), call.inputs.data(),
                call.inputs.size(), call.output_names.data(), outputs.size(), outputs.data());
    times_s.push_back(seconds_now() - start_s);
    check(api, status);
    for (OrtValue*& output : outputs) {
      api.ReleaseValue(output);
      output = nullptr;
    }
  } while (seconds_now() < end_s);
  return times_s;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 6) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  const ort::Api api = open_library(arguments[1]);
  const Call call = prepare(api, arguments);
  run_for(api, call, kWarmup_s);
  const std::vector<double> times_s = run_for(api, call, std::atof(arguments[4]));
  const char* separator = "[";
  for (const double time_s : times_s) {
    std::printf("%s%.9f", separator, time_s);
    separator = ", ";
  }
  std::puts("]");
}
