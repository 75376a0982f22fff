#include "run/bench.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>

#include "core/error.h"
#include "results/write_result.h"
#include "run/bench_engine.h"
#include "run/prepare_model.h"
#include "run/read_environment.h"
#include "run/work_folder.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

std::string now_utc() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

std::string joined(const std::vector<std::string>& parts) {
  return fmt::format("{}", fmt::join(parts, "+"));
}

// Settings that are not the default, in the order of docs/results-format.md.
std::vector<std::string> settings_of(const RunOptions& options, const Model& model) {
  std::vector<std::string> settings, shapes, inputs;
  if (options.threads) settings.push_back(fmt::format("threads={}", *options.threads));
  if (options.precision != "f32") settings.push_back("precision=" + options.precision);
  if (options.number != 1) settings.push_back(fmt::format("number={}", options.number));
  for (const ModelValue& input : model.inputs) {
    const auto shape = options.shapes.find(input.name);
    if (shape != options.shapes.end()) {
      shapes.push_back(fmt::format("{}@{}", input.name, fmt::join(shape->second, "x")));
    }
    const auto value = options.inputs.find(input.name);
    if (value != options.inputs.end()) {
      inputs.push_back(
          fmt::format("{}@{}", input.name, fs::path(value->second).filename().string()));
    }
  }
  if (!shapes.empty()) settings.push_back("shape=" + joined(shapes));
  if (options.seed != RunOptions::kDefaultSeed) {
    settings.push_back(fmt::format("seed={}", options.seed));
  }
  if (!inputs.empty()) settings.push_back("input=" + joined(inputs));
  if (options.test_data) {
    settings.push_back("test-data=" + fs::weakly_canonical(*options.test_data).filename().string());
  }
  return settings;
}

// What is known of a result before its engine starts.
Result describe_run(const RunOptions& options, const PreparedModel& prepared,
                    const Environment& environment) {
  Result result;
  result.model_path = fs::absolute(prepared.model.path).string();
  result.size = prepared.size_bytes;
  result.model_sha256 = prepared.sha256;
  result.input_shapes = prepared.load.input_shapes;
  for (const ModelValue& input : prepared.model.inputs) {
    const auto shape = result.input_shapes.find(input.name);
    if (shape != result.input_shapes.end()) result.input_size.push_back(shape->second);
  }
  result.device = options.device;
  result.number = options.number;
  result.repeat = options.repeat;
  result.threads = prepared.load.threads;
  result.precision = options.precision;
  result.seed = options.seed;
  result.environment = environment;
  result.instance = options.instance.value_or(environment.instance);
  result.started_at = now_utc();
  return result;
}

void name_files(const RunOptions& options, const Model& model, const EngineChoice& choice,
                Result& result) {
  const std::string variant = choice.variant.empty() ? "cpu" : choice.variant;
  result.backend = choice.backend;
  result.engine = choice.engine;
  result.backend_meta = backend_meta(variant, settings_of(options, model));
  const std::string stem =
      result_stem(model.path, options.device, result.backend, result.backend_meta);
  const fs::path folder = fs::absolute(options.output);
  result.log_path = stem + ".log";
  result.output_path = (folder / (stem + ".json")).string();
  std::error_code ignored;
  fs::remove(folder / result.log_path, ignored);  // an earlier run's log is not this one's
}

void forget_log_not_written(Result& result) {
  const fs::path folder = fs::path(result.output_path).parent_path();
  if (!fs::exists(folder / result.log_path)) result.log_path.clear();
}

void make_output_folder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw Error(fmt::format("could not make the output folder {}: {}", folder, error.message()));
  }
}

}  // namespace

std::vector<Result> bench_model(const RunOptions& options, const std::string& model_path,
                                Progress& progress) {
  Model model = read_model(model_path);  // first: a file that is no model leaves no folder behind
  make_output_folder(options.output);
  if (options.save_converted) make_output_folder(*options.save_converted);
  const WorkFolder work;
  const Environment environment = read_environment();
  const int threads = options.threads.value_or(default_threads(environment));
  const PreparedModel prepared = prepare_model(options, std::move(model), threads, work, progress);
  std::vector<Result> results;
  for (const EngineChoice& choice : options.engines) {
    Result result = describe_run(options, prepared, environment);
    name_files(options, prepared.model, choice, result);
    bench_engine(options, prepared, choice, work, progress, result);
    forget_log_not_written(result);
    write_result(result);
    progress.finished(result);
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace dnnbench
