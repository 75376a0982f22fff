#include "cli/parse_run_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "cli/command_line.h"
#include "cli/help_text.h"
#include "cli/suggest.h"
#include "core/cache.h"
#include "core/error.h"
#include "core/statistics.h"
#include "process/worker_process.h"

namespace dnnbench {
namespace {

namespace fs = std::filesystem;

constexpr double kShortest_s = 0.001;
constexpr double kLongest_s = 1e9;
constexpr double kMinConfidence = 0.5;
constexpr double kMaxConfidence = 0.999999;
constexpr double kFinestTarget = 1e-6;
constexpr double kCoarsestTarget = 1;
constexpr int64_t kMaxExperiments = 1'000'000'000;
constexpr int kMaxThreads = 4096;
constexpr int kMaxStreams = 1024;
constexpr int64_t kLargestBatch = 1'000'000;
constexpr double kBudgetOfSelftest_s = 60;
constexpr double kLowestRate_per_s = 0.001;
constexpr double kBudgetOfLoad_s = 60;
constexpr double kBudgetOfSearch_s = 180;  // at several rates, or with several settings
constexpr uint64_t kGreatestSeed = (uint64_t{1} << 53) - 1;  // exact in every JSON reader

// A flag that asks for an engine.
struct EngineFlag {
  std::string flag;
  EngineChoice choice;
};

// In the order in which engines are measured: those of the 2021 tool, whose flags are not all named
// like the engine, then every other engine that this build has, under its own name.
std::vector<EngineFlag> engine_flags() {
  std::vector<EngineFlag> flags{
      {"--onnxruntime", {"onnxruntime", "onnxruntime", ""}},
      {"--openvino", {"openvino", "openvino", ""}},
      {"--pytorch", {"pytorch", "pytorch", ""}},
      {"--tf", {"tf", "tensorflow", ""}},
      {"--tvm", {"tvm", "tvm", ""}},
      {"--nuphar", {"tvm", "tvm", ""}},
      {"--ort-cuda", {"onnxruntime", "onnxruntime", "cuda"}},
      {"--ort-tensorrt", {"onnxruntime", "onnxruntime", "tensorrt"}},
  };
  std::set<std::string> named{"fake"};
  for (const EngineFlag& flag : flags) named.insert(flag.choice.engine);
  for (const std::string& engine : built_engines()) {
    if (named.count(engine) == 0) flags.push_back({"--" + engine, {engine, engine, ""}});
  }
  return flags;
}

bool operator==(const EngineChoice& a, const EngineChoice& b) {
  return a.backend == b.backend && a.variant == b.variant;
}

void add_once(std::vector<EngineChoice>& engines, const EngineChoice& choice) {
  for (const EngineChoice& engine : engines) {
    if (engine == choice) return;
  }
  engines.push_back(choice);
}

// Without an engine flag: ONNX Runtime, OpenVINO, and whatever else this build has.
std::vector<EngineChoice> default_engines(const std::vector<EngineFlag>& flags) {
  std::vector<EngineChoice> engines{flags[0].choice, flags[1].choice};
  for (const EngineFlag& flag : flags) {
    if (flag.choice.variant.empty() && engine_is_built(flag.choice.engine)) {
      add_once(engines, flag.choice);
    }
  }
  return engines;
}

std::vector<EngineChoice> chosen_engines(const CLI::App& app, const std::vector<EngineFlag>& flags,
                                         const std::vector<std::string>& fake_modes) {
  std::vector<EngineChoice> engines;
  for (const EngineFlag& flag : flags) {
    if (app.count(flag.flag) > 0) add_once(engines, flag.choice);
  }
  for (const std::string& mode : fake_modes) add_once(engines, {"fake", "fake", mode});
  return engines.empty() ? default_engines(flags) : engines;
}

// "NAME=VALUE" at the first '='.
std::pair<std::string, std::string> split_assignment(const std::string& flag,
                                                     const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    throw UsageError(fmt::format("{}={} does not read NAME=VALUE", flag, text));
  }
  return {text.substr(0, equals), text.substr(equals + 1)};
}

// One engine for each count of threads.
std::vector<EngineChoice> with_threads(const std::vector<EngineChoice>& engines,
                                       const std::vector<int64_t>& threads, int streams) {
  std::vector<EngineChoice> all;
  for (EngineChoice choice : engines) {
    choice.streams = streams;
    if (threads.empty()) all.push_back(choice);
    for (const int64_t count : threads) {
      choice.threads = static_cast<int>(count);
      all.push_back(choice);
    }
  }
  return all;
}

// What a mode needs and what has no meaning in it.
void check_mode(const RunOptions& options, bool has_streams) {
  const std::string mode(to_string(options.mode));
  if (options.mode == Mode::kLoad && !options.rate_per_s && !options.slo_p99_s) {
    throw UsageError(
        "--mode=load needs --rate=PER_SECOND, or --slo-p99=SECONDS to find the highest rate");
  }
  if (options.rate_per_s && options.slo_p99_s) {
    throw UsageError("--rate and --slo-p99 exclude each other: the second finds the rate");
  }
  if (options.rate_per_s && options.mode != Mode::kLoad) {
    throw UsageError("--rate needs --mode=load");
  }
  if (options.slo_p99_s && options.mode == Mode::kLatency) {
    throw UsageError("--slo-p99 needs --mode=load or --mode=throughput");
  }
  if (has_streams && options.mode == Mode::kLatency) {
    throw UsageError("--streams needs --mode=load or --mode=throughput");
  }
  if (options.number != 1 && options.mode != Mode::kLatency) {
    throw UsageError(fmt::format("--number has no meaning in --mode={}", mode));
  }
  if (options.repeat && options.mode == Mode::kThroughput) {
    throw UsageError("--repeat has no meaning in --mode=throughput; --budget has");
  }
  if (options.repeat && options.slo_p99_s &&
      *options.repeat < static_cast<int64_t>(kMinSamplesForP99)) {
    throw UsageError(fmt::format("--slo-p99 needs a 99th percentile, which takes --repeat={}",
                                 kMinSamplesForP99));
  }
}

double usual_budget_s(const RunOptions& options) {
  if (options.mode == Mode::kLatency) return RunOptions().budget_s;
  return options.rate_per_s ? kBudgetOfLoad_s : kBudgetOfSearch_s;
}

std::vector<std::string> model_paths(const std::vector<std::string>& models) {
  if (models.empty()) throw UsageError("no MODEL given; see --help");
  std::vector<std::string> paths;
  std::map<std::string, std::string> path_of_stem;
  for (const std::string& model : models) {
    const std::string path = find_model(model, "run");
    const auto [same, is_new] = path_of_stem.emplace(fs::path(path).stem().string(), path);
    if (!is_new) {
      throw UsageError(fmt::format(
          "{} and {} would write the same result files; run them one by one into different "
          "--output folders",
          same->second, path));
    }
    paths.push_back(path);
  }
  return paths;
}

}  // namespace

std::pair<std::string, std::vector<int64_t>> parse_shape(const std::string& text) {
  const auto [name, dimensions] = split_assignment("--shape", text);
  std::vector<int64_t> shape;
  const char* at = dimensions.data();
  const char* const end = at + dimensions.size();
  while (at < end) {
    int64_t dimension = 0;
    const auto [next, error] = std::from_chars(at, end, dimension);
    const bool separated = next == end || (*next == ',' && next + 1 < end);
    if (error != std::errc() || dimension < 0 || !separated) {
      throw UsageError(fmt::format(
          "--shape={} does not read NAME=DIMS with whole numbers, such as images=1,3,320,320",
          text));
    }
    shape.push_back(dimension);
    at = next == end ? end : next + 1;
  }
  return {name, shape};
}

std::vector<int64_t> parse_counts(const std::string& flag, const std::string& text, int64_t most) {
  std::vector<int64_t> counts;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    int64_t count = 0;
    const auto [next, error] = std::from_chars(at, end, count);
    const bool separated = next == end || (*next == ',' && next + 1 < end);
    if (error != std::errc() || count < 1 || count > most || !separated) break;
    if (std::find(counts.begin(), counts.end(), count) == counts.end()) counts.push_back(count);
    at = next == end ? end : next + 1;
  }
  if (at < end || counts.empty()) {
    throw UsageError(fmt::format(
        "{}={} is no whole number from 1 to {}, nor a list of such as 1,2,4", flag, text, most));
  }
  return counts;
}

std::string find_model(const std::string& path_or_name, const std::string& subcommand) {
  if (fs::exists(path_or_name)) return path_or_name;
  const std::vector<std::string> names = generated_models();
  if (std::find(names.begin(), names.end(), path_or_name) != names.end()) {
    const std::string path = cache_folder() + "/models/" + path_or_name + ".onnx";
    if (fs::exists(path)) return path;
    throw UsageError(
        fmt::format("the model {} has not been generated yet; ./dnnbench {} {} does it",
                    path_or_name, subcommand, path_or_name));
  }
  const auto guess = nearest(path_or_name, names);
  throw UsageError(fmt::format("there is no model file {}{}", path_or_name,
                               guess ? fmt::format("; did you mean {}?", *guess) : ""));
}

RunOptions parse_run_options(const std::vector<std::string>& arguments) {
  RunOptions options;
  std::vector<std::string> models, shapes, inputs, fake_modes;
  std::string mode = "latency", threads, batches;
  std::optional<int> streams;
  bool quantize = false;
  CLI::App app;
  app.add_option("models", models);
  const std::vector<EngineFlag> flags = engine_flags();
  for (const EngineFlag& flag : flags) app.add_flag(flag.flag)->disable_flag_override();
  add_repeatable(app, "--fake", fake_modes);
  app.add_option("--device", options.device)->check(CLI::IsMember({"cpu", "gpu", "arm"}));
  app.add_option("--mode", mode)->check(CLI::IsMember({"latency", "load", "throughput"}));
  app.add_option("--rate", options.rate_per_s)->check(CLI::Range(kLowestRate_per_s, kLongest_s));
  app.add_option("--slo-p99", options.slo_p99_s)->check(CLI::Range(1e-6, kLongest_s));
  app.add_option("--streams", streams)->check(CLI::Range(1, kMaxStreams));
  app.add_option("--threads", threads);
  app.add_option("--batch", batches);
  app.add_option("--precision", options.precision)
      ->check(CLI::IsMember({"f32", "f16", "bf16", "default"}));
  add_repeatable(app, "--shape", shapes);
  add_repeatable(app, "--input", inputs);
  app.add_option("--test-data", options.test_data)->check(CLI::ExistingDirectory);
  app.add_option("--seed", options.seed)->check(CLI::Range(uint64_t{0}, kGreatestSeed));
  app.add_flag("--quantize", quantize);
  app.add_option("--repeat", options.repeat)->check(CLI::Range(int64_t{1}, kMaxExperiments));
  app.add_option("--number", options.number)->check(CLI::Range(int64_t{1}, kMaxExperiments));
  app.add_option("--warmup", options.warmup)->check(CLI::Range(int64_t{0}, kMaxExperiments));
  app.add_option("--budget", options.budget_s)->check(CLI::Range(kShortest_s, kLongest_s));
  app.add_option("--confidence", options.confidence)
      ->check(CLI::Range(kMinConfidence, kMaxConfidence));
  app.add_option("--precision-target", options.precision_target)
      ->check(CLI::Range(kFinestTarget, kCoarsestTarget));
  app.add_option("--timeout", options.timeout_s)->check(CLI::Range(kShortest_s, kLongest_s));
  app.add_option("--tune-budget", options.tune_budget_s)->check(CLI::Range(0.0, kLongest_s));
  app.add_option("--output", options.output);
  app.add_option("--instance", options.instance);
  app.add_option("--save-converted", options.save_converted);
  parse_arguments(app, "run", arguments);

  // CLI11's range lets "nan" pass.
  if (std::isnan(options.budget_s)) throw UsageError("--budget must be a number of seconds");
  if (std::isnan(options.timeout_s)) throw UsageError("--timeout must be a number of seconds");
  if (std::isnan(options.tune_budget_s)) {
    throw UsageError("--tune-budget must be a number of seconds");
  }
  if (std::isnan(options.confidence)) throw UsageError("--confidence must be a share such as 0.99");
  if (std::isnan(options.precision_target)) {
    throw UsageError("--precision-target must be a share such as 0.01");
  }
  if (options.rate_per_s && std::isnan(*options.rate_per_s)) {
    throw UsageError("--rate must be a number of requests a second");
  }
  if (options.slo_p99_s && std::isnan(*options.slo_p99_s)) {
    throw UsageError("--slo-p99 must be a number of seconds");
  }
  if (quantize) throw UsageError("--quantize is not built yet");
  for (const std::string& text : shapes) {
    const auto [name, shape] = parse_shape(text);
    options.shapes[name] = shape;
  }
  for (const std::string& text : inputs) {
    const auto [name, value] = split_assignment("--input", text);
    options.inputs[name] = value;
  }
  if (mode == "load") options.mode = Mode::kLoad;
  if (mode == "throughput") options.mode = Mode::kThroughput;
  check_mode(options, streams.has_value());
  if (app.count("--budget") == 0) options.budget_s = usual_budget_s(options);
  if (app.count("--batch") > 0) options.batches = parse_counts("--batch", batches, kLargestBatch);
  std::vector<int64_t> thread_counts;
  if (app.count("--threads") > 0) thread_counts = parse_counts("--threads", threads, kMaxThreads);
  const std::vector<EngineChoice> engines = chosen_engines(app, flags, fake_modes);
  if (options.mode == Mode::kThroughput) {
    options.throughput_threads.assign(thread_counts.begin(), thread_counts.end());
    options.engines = with_threads(engines, {}, streams.value_or(0));
  } else {
    options.engines = with_threads(engines, thread_counts, streams.value_or(1));
  }
  options.models = model_paths(models);
  return options;
}

RunOptions parse_selftest_options(const std::vector<std::string>& arguments) {
  RunOptions options;
  options.budget_s = kBudgetOfSelftest_s;
  std::vector<std::string> models, fake_modes;
  CLI::App app;
  app.add_option("models", models);
  const std::vector<EngineFlag> flags = engine_flags();
  for (const EngineFlag& flag : flags) app.add_flag(flag.flag)->disable_flag_override();
  add_repeatable(app, "--fake", fake_modes);
  app.add_option("--budget", options.budget_s)->check(CLI::Range(kShortest_s, kLongest_s));
  parse_arguments(app, "selftest", arguments);
  if (models.size() != 1) throw UsageError("dnnbench selftest: one MODEL, please; see --help");
  options.models = {find_model(models[0], "selftest")};
  options.engines = chosen_engines(app, flags, fake_modes);
  if (options.engines.size() < 2) {
    throw UsageError("dnnbench selftest: two engines, please: one takes turns with another");
  }
  return options;
}

}  // namespace dnnbench
