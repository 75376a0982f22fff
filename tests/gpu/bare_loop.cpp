// bare_loop MODEL GPU-UUID PRECISION: an engine in a loop, without turns, pauses or the protocol;
// prints "BACKEND/PROVIDER MODEL PRECISION MEDIAN_S". What dnnbench measures must agree with it.
// Inputs are zeros.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <vector>

#include "core/statistics.h"
#include "onnx/model.h"
#include "worker/engine.h"

namespace dnnbench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<Value> zeros(const Model& model, LoadConfig& config) {
  std::vector<Value> inputs;
  for (const ModelValue& input : model.inputs) {
    std::vector<int64_t> shape;
    for (const Dimension& dimension : input.dimensions.value()) {
      shape.push_back(dimension.size.value_or(1));
    }
    config.input_shapes[input.name] = shape;
    inputs.push_back(make_value(input.name, make_tensor(input.type, shape)));
  }
  return inputs;
}

int loop(const std::string& path, const std::string& uuid, const std::string& precision) {
  LoadConfig config;
  config.model_path = path;
  config.provider = DNNBENCH_BARE_PROVIDER;
  config.device = "gpu";
  config.gpu_uuid = uuid;
  config.precision = precision;
  const std::vector<Value> inputs = zeros(read_model(path), config);
  const auto engine = make_engine();
  engine->load(config);
  engine->set_inputs(inputs);
  constexpr double kWarmUp_s = 2, kMeasure_s = 5;
  for (const auto start = Clock::now(); seconds_since(start) < kWarmUp_s;) engine->run();
  std::vector<double> durations;
  for (const auto start = Clock::now(); seconds_since(start) < kMeasure_s;) {
    const auto begin = Clock::now();
    engine->run();
    durations.push_back(seconds_since(begin));
  }
  std::printf("%s %s %s %.9f\n", DNNBENCH_BARE_NAME, std::filesystem::path(path).stem().c_str(),
              precision.c_str(), median(durations));
  return 0;
}

}  // namespace
}  // namespace dnnbench

int main(int count, char** arguments) {
  if (count != 4) return 2;
  try {
    return dnnbench::loop(arguments[1], arguments[2], arguments[3]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", DNNBENCH_BARE_NAME, error.what());
    return 1;
  }
}
