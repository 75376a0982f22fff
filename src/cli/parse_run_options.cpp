#include "cli/parse_run_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/command_line.h"
#include "cli/engine_flags.h"
#include "cli/find_model.h"
#include "cli/flag_values.h"
#include "core/error.h"
#include "core/statistics.h"

namespace dnnbench {
namespace {

constexpr double kShortest_s = 0.001;
constexpr double kLongest_s = 1e9;
constexpr double kMinConfidence = 0.5;
constexpr double kMaxConfidence = 0.999999;
constexpr double kFinestTarget = 1e-6;
constexpr double kCoarsestTarget = 1;
constexpr double kTargetOfGate = 0.01;
constexpr int64_t kMaxMeasurements = 1'000'000'000;
constexpr int kMaxThreads = 4096;
constexpr int kMaxStreams = 1024;
constexpr int64_t kMaxBatch = 1'000'000;
constexpr double kBudgetOfSelftest_s = 60;
constexpr double kLargestError = 10;
constexpr double kLowestRate_per_s = 0.001;
constexpr double kBudgetOfLoad_s = 60;
constexpr double kBudgetOfSearch_s = 180;  // at several rates, or with several settings
constexpr uint64_t kMaxSeed = (uint64_t{1} << 53) - 1;  // exact in every JSON reader

UsageError given_twice(const std::string& flag, const std::string& name) {
  return UsageError(fmt::format("{} is given twice for input '{}'; give it once", flag, name));
}

// A flag that has a meaning in some modes only.
struct FlagOfModes {
  const char* flag;
  std::vector<Mode> modes;
};

void refuse_flags_of_other_modes(const CLI::App& app, Mode mode) {
  const FlagOfModes flags[] = {
      {"--rate", {Mode::kTraffic}},
      {"--slo-p99", {Mode::kTraffic, Mode::kThroughput}},
      {"--streams", {Mode::kTraffic, Mode::kThroughput}},
      {"--number", {Mode::kLatency}},
      {"--repeat", {Mode::kLatency, Mode::kTraffic}},
      {"--order", {Mode::kLatency}},
      {"--confidence", {Mode::kLatency, Mode::kThroughput}},
      {"--precision-target", {Mode::kLatency, Mode::kThroughput}},
  };
  for (const FlagOfModes& flag : flags) {
    const bool belongs = std::find(flag.modes.begin(), flag.modes.end(), mode) != flag.modes.end();
    if (app.count(flag.flag) == 0 || belongs) continue;
    std::vector<std::string> modes;
    for (const Mode of : flag.modes) modes.push_back(fmt::format("--mode={}", to_string(of)));
    throw UsageError(fmt::format("{} needs {}", flag.flag, fmt::join(modes, " or ")));
  }
}

void check_traffic(const TrafficOptions& traffic) {
  if (!traffic.rate_per_s && !traffic.slo_p99_s) {
    throw UsageError(
        "--mode=load needs --rate=PER_SECOND, or --slo-p99=SECONDS to find the highest rate");
  }
  if (traffic.rate_per_s && traffic.slo_p99_s) {
    throw UsageError("give --rate or --slo-p99, not both: --slo-p99 finds the rate");
  }
  if (traffic.repeat && traffic.slo_p99_s &&
      *traffic.repeat < static_cast<int64_t>(kMinSamplesForP99)) {
    throw UsageError(fmt::format("--slo-p99 needs a 99th percentile, which takes --repeat={}",
                                 kMinSamplesForP99));
  }
}

double usual_budget_s(const RunOptions& options) {
  if (options.latency() != nullptr) return RunOptions().budget_s;
  const bool one_rate = options.traffic() != nullptr && options.traffic()->rate_per_s;
  return one_rate ? kBudgetOfLoad_s : kBudgetOfSearch_s;
}

// The values of flags as they are given, where options hold them in another form.
struct Given {
  std::vector<std::string> models, others, shapes, inputs, fake_parts;
  std::string fail_above;
  std::string mode = "latency", order = "best", threads, batches;
  std::string device = "cpu", precision = "f32", io = "host", variants, metric = "top1";
  std::optional<double> rate_per_s, slo_p99_s;
  std::optional<int64_t> repeat;
  int64_t number = 1;
  int streams = 0;
  bool quantize = false;
  bool cuda_graph = false;
};

void add_flags_of_candidates(CLI::App& app, Given& given, std::vector<EngineFlag>& flags) {
  app.add_option("models", given.models);
  add_repeatable(app, "--versus", given.others);
  add_engine_flags(app, flags, given.fake_parts);
  app.add_option("--device", given.device);
  app.add_option("--streams", given.streams)->check(CLI::Range(1, kMaxStreams));
  app.add_option("--threads", given.threads);
  app.add_option("--batch", given.batches);
  app.add_option("--precision", given.precision);
  app.add_flag("--quantize", given.quantize);
  app.add_option("--variants", given.variants);
  app.add_option("--io", given.io);
  app.add_flag("--cuda-graph", given.cuda_graph);
}

void add_flags_of_modes(CLI::App& app, Given& given) {
  app.add_option("--mode", given.mode);
  app.add_option("--rate", given.rate_per_s)->check(CLI::Range(kLowestRate_per_s, kLongest_s));
  app.add_option("--slo-p99", given.slo_p99_s)->check(CLI::Range(1e-6, kLongest_s));
  app.add_option("--repeat", given.repeat)->check(CLI::Range(int64_t{1}, kMaxMeasurements));
  app.add_option("--number", given.number)->check(CLI::Range(int64_t{1}, kMaxMeasurements));
}

void add_other_flags(CLI::App& app, Given& given, RunOptions& options) {
  add_repeatable(app, "--shape", given.shapes);
  add_repeatable(app, "--input", given.inputs);
  app.add_option("--test-data", options.test_data)->check(CLI::ExistingDirectory);
  app.add_option("--seed", options.seed)->check(CLI::Range(uint64_t{0}, kMaxSeed));
  app.add_option("--warmup", options.warmup)->check(CLI::Range(int64_t{0}, kMaxMeasurements));
  app.add_option("--budget", options.budget_s)->check(CLI::Range(kShortest_s, kLongest_s));
  app.add_option("--confidence", options.confidence)
      ->check(CLI::Range(kMinConfidence, kMaxConfidence));
  app.add_option("--order", given.order);
  app.add_option("--precision-target", options.precision_target)
      ->check(CLI::Range(kFinestTarget, kCoarsestTarget));
  app.add_option("--timeout", options.timeout_s)->check(CLI::Range(kShortest_s, kLongest_s));
  app.add_option("--tune-budget", options.tune_budget_s)->check(CLI::Range(0.0, kLongest_s));
  app.add_option("--gpu", options.gpu);
  app.add_option("--against", options.against)->check(CLI::ExistingDirectory);
  app.add_option("--fail-above", given.fail_above);
  app.add_option("--output", options.output);
  app.add_option("--instance", options.instance);
  app.add_option("--save-converted", options.save_converted);
  app.add_option("--calibration", options.calibration)->check(CLI::ExistingDirectory);
  app.add_option("--max-error", options.max_error)->check(CLI::Range(0.0, kLargestError));
  app.add_option("--labels", options.labels)->check(CLI::ExistingFile);
  app.add_option("--metric", given.metric);
  app.add_option("--max-drop", options.max_drop)->check(CLI::Range(0.0, 1.0));
  app.add_option("--save-variants", options.save_variants);
}

void add_flags_of_presentation(CLI::App& app, Presentation& presentation) {
  app.add_flag("--wide", presentation.wide)->disable_flag_override();
  app.add_flag("--quiet", presentation.quiet)->disable_flag_override();
  app.add_option("--export", presentation.format);
}

void refuse_flags_of_gpus(const CLI::App& app, const Given& given) {
  if (given.device == "gpu") return;
  for (const char* flag : {"--gpu", "--io", "--cuda-graph"}) {
    if (app.count(flag) > 0) throw UsageError(fmt::format("{} needs --device=gpu", flag));
  }
}

std::vector<int> thread_counts(const CLI::App& app, const Given& given) {
  if (app.count("--threads") == 0) return {};
  const std::vector<int64_t> counts = parse_counts("--threads", given.threads, kMaxThreads);
  return {counts.begin(), counts.end()};
}

std::vector<int64_t> batch_sizes(const CLI::App& app, const Given& given) {
  if (app.count("--batch") == 0) return {};
  return parse_counts("--batch", given.batches, kMaxBatch);
}

void set_mode(const CLI::App& app, const Given& given, RunOptions& options) {
  if (given.mode == "load") {
    const TrafficOptions traffic{given.rate_per_s, given.slo_p99_s, given.repeat};
    check_traffic(traffic);
    options.mode = traffic;
  } else if (given.mode == "throughput") {
    options.mode = ThroughputOptions{given.slo_p99_s, given.streams, thread_counts(app, given),
                                     batch_sizes(app, given)};
  } else {
    options.mode = LatencyOptions{given.repeat, given.number};
    options.whole_order = given.order == "all";
  }
  refuse_flags_of_other_modes(app, mode_of(options));
  if (app.count("--budget") == 0) options.budget_s = usual_budget_s(options);
}

// "top1", "top5", or a command of the user's.
void set_metric(const std::string& metric, RunOptions& options) {
  options.top = metric == "top5" ? 5 : 1;
  if (metric == "top1" || metric == "top5") return;
  if (metric.find_first_not_of(' ') == std::string::npos) {
    throw UsageError("--metric must be top1, top5, or a command that prints scores");
  }
  if (!options.calibration) {
    throw UsageError("--metric needs --calibration=FOLDER, on whose samples it is computed");
  }
  options.metric_command = metric;
}

std::vector<std::string> precisions(const CLI::App& app, const Given& given, RunOptions& options) {
  options.variants = given.quantize || app.count("--variants") > 0;
  if (!options.variants) {
    for (const char* flag : {"--calibration", "--labels", "--metric", "--max-error", "--max-drop",
                             "--save-variants"}) {
      if (app.count(flag) > 0) throw UsageError(fmt::format("{} needs --variants", flag));
    }
    return {given.precision};
  }
  if (app.count("--precision") > 0) {
    throw UsageError(
        "--precision and --variants exclude each other: f32 and bf16 are variants too");
  }
  if (app.count("--order") > 0 && given.order == "best") {
    throw UsageError("--order=best and --variants exclude each other: each is compared with f32");
  }
  if (options.max_error && !options.calibration) {
    throw UsageError(
        "--max-error needs --calibration=FOLDER: the error on generated inputs says little about "
        "your data");
  }
  if (options.labels && !options.calibration) {
    throw UsageError("--labels needs --calibration=FOLDER, whose samples they belong to");
  }
  set_metric(given.metric, options);
  if (!options.labels && !options.metric_command &&
      (options.max_drop || app.count("--metric") > 0)) {
    throw UsageError(
        "--max-drop and --metric=top1 or top5 need --labels=FILE; --metric=COMMAND doesn't");
  }
  options.whole_order = true;
  if (options.latency() == nullptr) throw UsageError("--variants needs --mode=latency");
  if (given.batches.find(',') != std::string::npos) {
    throw UsageError("--variants and --quantize take one size of --batch");
  }
  std::string variants = given.variants;
  if (given.quantize) variants += (variants.empty() ? "" : ",") + std::string("int8-dynamic");
  return parse_variants(variants);
}

std::vector<Candidate> engines_of(const CLI::App& app, const std::vector<EngineFlag>& flags,
                                  const Given& given, RunOptions& options) {
  const std::vector<Candidate> chosen = chosen_engines(app, flags, given.fake_parts);
  options.engines_asked_for = !chosen.empty();
  return chosen.empty() ? default_engines(flags, given.device) : chosen;
}

// What takes turns: every engine with every precision and count of threads.
std::vector<Candidate> candidates_of(const std::vector<Candidate>& engines,
                                     const std::vector<std::string>& precisions,
                                     const std::vector<int>& threads, const Given& given) {
  std::vector<Candidate> candidates;
  for (Candidate candidate : engines) {
    candidate.device = given.device;
    candidate.io = given.io;
    candidate.cuda_graph = given.cuda_graph;
    candidate.streams = std::max(1, given.streams);
    for (const std::string& precision : precisions) {
      candidate.precision = precision;
      candidate.threads.reset();
      if (threads.empty()) candidates.push_back(candidate);
      for (const int count : threads) {
        candidate.threads = count;
        candidates.push_back(candidate);
      }
    }
  }
  return candidates;
}

// One comparison for each size of the batch, of all candidates with each of these models.
void add_comparisons(const std::vector<Candidate>& candidates,
                     const std::vector<std::string>& model_paths,
                     const std::vector<int64_t>& batches, RunOptions& options) {
  std::vector<std::optional<int64_t>> sizes{batches.begin(), batches.end()};
  if (sizes.empty()) sizes = {std::nullopt};
  for (const std::optional<int64_t>& batch : sizes) {
    std::vector<Candidate>& compared = options.comparisons.emplace_back();
    for (Candidate candidate : candidates) {
      candidate.batch = batch;
      for (const std::string& path : model_paths) {
        candidate.model_path = path;
        compared.push_back(candidate);
      }
    }
  }
}

// Each MODEL by itself; with --versus one MODEL and the files that it is compared with.
void add_models(const Given& given, const std::vector<Candidate>& candidates,
                const std::vector<int64_t>& batches, RunOptions& options) {
  if (given.models.empty()) throw UsageError("no MODEL given; see --help");
  if (!given.others.empty() && given.models.size() > 1) {
    throw UsageError("--versus compares one MODEL with other files, and several were given");
  }
  std::vector<std::string> all = given.models;
  all.insert(all.end(), given.others.begin(), given.others.end());
  const std::vector<std::string> paths = find_models(all);
  if (!given.others.empty()) return add_comparisons(candidates, paths, batches, options);
  for (const std::string& path : paths) add_comparisons(candidates, {path}, batches, options);
}

void set_gate(const CLI::App& app, const Given& given, RunOptions& options) {
  if (app.count("--fail-above") > 0) {
    options.fail_above = parse_percentage("run", "--fail-above", given.fail_above);
  }
  const bool latency = options.latency() != nullptr;
  if ((options.against || options.fail_above) && !latency) {
    throw UsageError(
        fmt::format("{} needs --mode=latency", options.against ? "--against" : "--fail-above"));
  }
  const bool given_target = app.count("--precision-target") > 0;
  options.until_precise = given_target || options.fail_above;
  if (options.fail_above && !given_target) options.precision_target = kTargetOfGate;
}

}  // namespace

RunOptions parse_run_options(const std::vector<std::string>& arguments,
                             Presentation* presentation) {
  RunOptions options;
  Presentation unread;
  Given given;
  CLI::App app;
  std::vector<EngineFlag> flags = engine_flags();
  add_flags_of_candidates(app, given, flags);
  add_flags_of_modes(app, given);
  add_other_flags(app, given, options);
  add_flags_of_presentation(app, presentation != nullptr ? *presentation : unread);
  parse_arguments(app, "run", arguments);

  refuse_flags_of_gpus(app, given);
  for (const std::string& text : given.shapes) {
    const auto [name, shape] = parse_shape(text);
    if (!options.shapes.emplace(name, shape).second) throw given_twice("--shape", name);
  }
  for (const std::string& text : given.inputs) {
    const auto [name, value] = parse_input(text);
    if (!options.inputs.emplace(name, value).second) throw given_twice("--input", name);
  }
  set_mode(app, given, options);
  const std::vector<Candidate> engines = engines_of(app, flags, given, options);
  // Throughput mode finds threads and batch itself.
  const bool found = options.throughput() != nullptr;
  const std::vector<Candidate> candidates =
      candidates_of(engines, precisions(app, given, options),
                    found ? std::vector<int>() : thread_counts(app, given), given);
  const std::vector<int64_t> batches = found ? std::vector<int64_t>() : batch_sizes(app, given);
  add_models(given, candidates, batches, options);
  set_gate(app, given, options);
  return options;
}

RunOptions parse_selftest_options(const std::vector<std::string>& arguments) {
  RunOptions options;
  options.budget_s = kBudgetOfSelftest_s;
  Given given;
  CLI::App app;
  app.add_option("models", given.models);
  std::vector<EngineFlag> flags = engine_flags();
  add_engine_flags(app, flags, given.fake_parts);
  app.add_option("--budget", options.budget_s)->check(CLI::Range(kShortest_s, kLongest_s));
  parse_arguments(app, "selftest", arguments);
  if (given.models.size() != 1) {
    throw UsageError("dnnbench selftest: give one MODEL; see --help");
  }
  const std::string model_path = find_model(given.models[0], "selftest");
  const std::vector<Candidate> engines = engines_of(app, flags, given, options);
  if (engines.size() < 2) {
    throw UsageError("dnnbench selftest: give at least two engines, which take turns");
  }
  add_comparisons(candidates_of(engines, {given.precision}, {}, given), {model_path}, {}, options);
  return options;
}

}  // namespace dnnbench
