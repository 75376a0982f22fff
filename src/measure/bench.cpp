#include "measure/bench.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <memory>
#include <random>

#include "core/error.h"
#include "machine/read_environment.h"
#include "measure/bench_engine.h"
#include "measure/rounds.h"
#include "measure/throughput_bench.h"
#include "measure/traffic_rounds.h"
#include "prepare/prepare_model.h"
#include "process/guardian.h"
#include "process/work_folder.h"
#include "results/write_result.h"

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
std::vector<std::string> settings_of(const RunOptions& options, const EngineChoice& choice,
                                     const Model& model) {
  std::vector<std::string> settings, shapes, inputs;
  const bool throughput = options.mode == Mode::kThroughput;
  if (choice.streams > (throughput ? 0 : 1)) {
    settings.push_back(fmt::format("streams={}", choice.streams));
  }
  if (choice.threads) settings.push_back(fmt::format("threads={}", *choice.threads));
  if (!options.throughput_threads.empty()) {
    settings.push_back(fmt::format("threads={}", fmt::join(options.throughput_threads, "+")));
  }
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
  if (options.batch) settings.push_back(fmt::format("batch={}", *options.batch));
  if (throughput && !options.batches.empty()) {
    settings.push_back(fmt::format("batch={}", fmt::join(options.batches, "+")));
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

// What follows them in another mode than latency.
std::vector<std::string> settings_of_mode(const RunOptions& options) {
  if (options.mode == Mode::kLatency) return {};
  std::vector<std::string> settings{fmt::format("mode={}", to_string(options.mode))};
  if (options.rate_per_s) settings.push_back(fmt::format("rate={}", *options.rate_per_s));
  if (options.slo_p99_s) settings.push_back(fmt::format("slo-p99={}", *options.slo_p99_s));
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
  result.mode = options.mode;
  result.batch = options.batch;
  result.number = options.number;
  result.repeat = options.repeat;
  result.precision = options.precision;
  result.seed = options.seed;
  result.environment = environment;
  result.instance = options.instance.value_or(environment.instance);
  result.started_at = now_utc();
  return result;
}

void describe_engine(const RunOptions& options, const PreparedModel& prepared,
                     const EngineChoice& choice, Result& result) {
  result.streams = std::max(1, choice.streams);
  result.threads = choice.threads.value_or(std::max(1, prepared.load.threads / result.streams));
  const std::string variant = choice.variant.empty() ? "cpu" : choice.variant;
  result.backend = choice.backend;
  result.engine = choice.engine;
  std::vector<std::string> settings = settings_of(options, choice, prepared.model);
  result.settings = backend_meta(variant, settings);
  for (const std::string& setting : settings_of_mode(options)) settings.push_back(setting);
  result.backend_meta = backend_meta(variant, settings);
  const fs::path folder = fs::absolute(options.output);
  const std::string stem = free_result_stem(folder.string(), prepared.sha256, prepared.model.path,
                                            options.device, result.backend, result.backend_meta);
  result.log_path = stem + ".log";
  result.output_path = (folder / (stem + ".json")).string();
}

void remove_earlier_log(const Result& result) {
  std::error_code ignored;
  fs::remove(fs::path(result.output_path).parent_path() / result.log_path, ignored);
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

// What a result says before anything is measured.
Result describe(const RunOptions& options, const PreparedModel& prepared,
                const Environment& environment, const std::string& run_id,
                const EngineChoice& choice) {
  Result result = describe_run(options, prepared, environment);
  result.run_id = run_id;
  describe_engine(options, prepared, choice, result);
  return result;
}

std::string random_id() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

// Whenever this process is killed, no half-written file stays.
void write_guarded(const Result& result) {
  guard_path(unfinished_path(result.output_path));
  write_result(result);
}

// Writes a result that is as complete as it will be.
void finish(Result& result, Progress& progress) {
  if (!result.outcome.ok() && result.verification.reason.empty() &&
      result.verification.verdict == Verdict::kUnverified) {
    result.verification.reason = "the engine did not get so far";
  }
  forget_log_not_written(result);
  write_guarded(result);
  progress.finished(result);
}

// One model's run on all engines: as many of them loaded at a time as memory holds.
class ModelBench {
 public:
  ModelBench(const RunOptions& options, const PreparedModel& prepared, const WorkFolder& work,
             Progress& progress, const BenchSettings& settings, std::vector<Result>& results)
      : options_(options),
        prepared_(prepared),
        work_(work),
        progress_(progress),
        settings_(settings),
        results_(results),
        rounds_(options, settings, progress, [this](Result& result) { save(result); }),
        traffic_rounds_(options, progress, [this](Result& result) { save(result); }) {}

  void go() {
    while (next_ < results_.size() || loaded_.size() > 1) {
      load_group();
      if (loaded_.empty()) continue;
      if (options_.mode == Mode::kLoad) {
        traffic_rounds_.measure(loaded_);  // each figure stands for itself: no anchor
        loaded_.clear();
        continue;
      }
      const bool more_to_come = next_ < results_.size();
      if (more_to_come) report_group();
      rounds_.measure(loaded_, engines_in_run(), more_to_come);
      if (more_to_come && !loaded_[0].bench) loaded_.clear();  // the anchor ended otherwise
      loaded_.resize(std::min<size_t>(loaded_.size(), more_to_come ? 1 : 0));
    }
  }

  // The engine that took turns with every other; absent where all were loaded at once.
  std::optional<size_t> anchor() const { return anchor_; }

 private:
  void load_group() {
    while (next_ < results_.size() && has_room()) {
      Contestant contestant{&results_[next_], nullptr};
      const Outcome outcome = prepare(contestant);
      if (outcome.kind == OutcomeKind::kOutOfMemory && !loaded_.empty()) {
        // Memory that others hold is no fault of this engine's: it gets another chance.
        if (loaded_.size() > 1) return;
        release_last();
        continue;
      }
      ++next_;
      contestant.result->outcome = outcome;
      if (outcome.ok()) {
        loaded_.push_back(std::move(contestant));
      } else {
        save(*contestant.result);
      }
    }
  }

  Outcome prepare(Contestant& contestant) {
    Result& result = *contestant.result;
    remove_earlier_log(result);
    try {
      const std::string why_not = why_not_on_device(options_, result.environment);
      if (!why_not.empty()) return {OutcomeKind::kUnsupported, why_not};
      const EngineChoice& choice = options_.engines[next_];
      contestant.bench =
          std::make_unique<EngineBench>(options_, prepared_, choice, work_, progress_, result);
      contestant.bench->prepare();
      contestant.bench->pause();
      return {};
    } catch (const EngineEnded& ended) {
      contestant.bench.reset();
      return ended.outcome;
    }
  }

  // The next engine is then measured without a common block with those before it, and not ranked.
  void release_last() {
    if (options_.mode == Mode::kLoad) {
      traffic_rounds_.measure(loaded_);
    } else if (loaded_[0].result->data.empty()) {
      rounds_.measure(loaded_, engines_in_run(), false);
    } else {
      save(*loaded_[0].result);
    }
    loaded_.clear();
  }

  // Engines of one model need about as much as each other.
  bool has_room() const {
    int64_t largest = 0;
    for (const Contestant& contestant : loaded_) {
      largest = std::max(largest, contestant.bench->peak_rss_bytes());
    }
    const int64_t free = settings_.free_memory_bytes();
    return loaded_.size() < 2 || free == 0 || free > largest + largest / 4;
  }

  void report_group() {
    anchor_ = static_cast<size_t>(loaded_[0].result - results_.data());
    progress_.note(
        fmt::format("memory does not hold all engines at once: they are measured in "
                    "groups, each with {}",
                    results_[*anchor_].backend));
  }

  size_t engines_in_run() const {
    size_t engines = results_.size() - next_;
    for (size_t i = 0; i < next_; ++i) engines += results_[i].outcome.ok() ? 1 : 0;
    return engines;
  }

  void save(Result& result) { finish(result, progress_); }

  const RunOptions& options_;
  const PreparedModel& prepared_;
  const WorkFolder& work_;
  Progress& progress_;
  const BenchSettings& settings_;
  std::vector<Result>& results_;
  Rounds rounds_;
  TrafficRounds traffic_rounds_;
  std::vector<Contestant> loaded_;
  size_t next_ = 0;  // the engine to load
  std::optional<size_t> anchor_;
};

bool share_a_block(const Result& a, const Result& b) {
  return std::find_first_of(a.block.begin(), a.block.end(), b.block.begin(), b.block.end()) !=
         a.block.end();
}

// Fills in where each engine stands that took turns with the first of them.
void place(std::vector<Result>& results, double confidence, std::optional<size_t> anchor) {
  std::vector<Result*> ranked;
  std::optional<size_t> anchor_row;
  for (size_t i = 0; i < results.size(); ++i) {
    Result& result = results[i];
    if (!result.outcome.ok()) continue;
    const BlockTable own = block_table({&result});
    result.p50_interval_s = latency_interval_s(own[0], 1 - confidence);
    if (!may_be_ranked(result)) continue;
    const Result& first = ranked.empty() ? result : *ranked.front();
    const bool by_anchor = anchor_row && share_a_block(result, results[*anchor]);
    if (!by_anchor && !share_a_block(result, first)) continue;
    if (anchor == i) anchor_row = ranked.size();
    ranked.push_back(&result);
  }
  if (ranked.empty()) return;
  const BlockTable table = block_table({ranked.begin(), ranked.end()});
  const Ranking ranking = rank(table, confidence, anchor_row);
  for (size_t i = 0; i < ranked.size(); ++i) {
    const Standing& standing = ranking.standing[i];
    ranked[i]->placing = Placing{confidence,          ranked.size(),
                                 standing.place,      i == ranking.order.front(),
                                 standing.to_best,    ranking.decided,
                                 ranking.probability, anchor ? results[*anchor].backend : ""};
  }
}

// A model at the sizes of its batch that are asked for, or at 1, 2, 4, ... as long as it takes
// them.
class Batches {
 public:
  Batches(const RunOptions& options, Model model, int threads, Progress& progress)
      : options_(options), model_(std::move(model)), threads_(threads), progress_(progress) {}

  // Absent where there is no further one.
  const BatchedModel* at(size_t index) {
    while (prepared_.size() <= index && !ended_) prepare_next();
    return index < prepared_.size() ? prepared_[index].get() : nullptr;
  }

 private:
  void prepare_next() {
    const size_t index = prepared_.size();
    const bool chosen = options_.batches.empty();
    ended_ = chosen ? index >= kMaxBatches : index >= options_.batches.size();
    if (ended_) return;
    auto next = std::make_unique<BatchedModel>();
    if (!chosen) next->batch = options_.batches[index];
    if (chosen && index > 0) next->batch = int64_t{1} << index;
    next->options = options_;
    next->options.batch = next->batch;
    next->work = std::make_unique<WorkFolder>();
    try {
      next->prepared = prepare_model(next->options, model_, threads_, *next->work, progress_);
    } catch (const UsageError&) {
      if (!chosen || index == 0) throw;
      ended_ = true;  // the model fixes its batch
      return;
    }
    prepared_.push_back(std::move(next));
  }

  static constexpr size_t kMaxBatches = 11;  // up to 1024

  const RunOptions& options_;
  Model model_;
  int threads_;
  Progress& progress_;
  std::vector<std::unique_ptr<BatchedModel>> prepared_;
  bool ended_ = false;
};

// Of the setting found, as load mode calls it: threads only where they aren't the cores' share.
std::string settings_found(const RunOptions& options, const EngineChoice& choice, int cores,
                           const Model& model, const Result& result) {
  RunOptions same = options;
  same.mode = Mode::kLoad;
  same.throughput_threads.clear();
  same.batches.clear();
  if (result.batch.value_or(1) > 1) same.batch = result.batch;
  EngineChoice found = choice;
  found.streams = result.streams;
  if (result.threads != std::max(1, cores / result.streams)) found.threads = result.threads;
  return backend_meta(choice.variant.empty() ? "cpu" : choice.variant,
                      settings_of(same, found, model));
}

std::vector<Result> bench_throughput(const RunOptions& options, Model model,
                                     const Environment& environment, Progress& progress) {
  const int cores = default_threads(environment);
  Batches batches(options, std::move(model), cores, progress);
  const PreparedModel& first = batches.at(0)->prepared;
  const std::string run_id = random_id();
  std::vector<Result> results;
  for (const EngineChoice& choice : options.engines) {
    Result result = describe(options, first, environment, run_id, choice);
    remove_earlier_log(result);
    const std::string why_not = why_not_on_device(options, environment);
    if (why_not.empty()) {
      ThroughputBench bench(options, choice, cores, progress, result);
      bench.measure([&](size_t index) { return batches.at(index); });
      if (result.throughput) {
        result.throughput->settings = settings_found(options, choice, cores, first.model, result);
      }
    } else {
      result.outcome = {OutcomeKind::kUnsupported, why_not};
    }
    finish(result, progress);
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace

std::vector<Result> bench_model(const RunOptions& options, const std::string& model_path,
                                Progress& progress, const BenchSettings& settings) {
  Model model = read_model(model_path);  // first: a file that is no model leaves no folder behind
  make_output_folder(options.output);
  if (options.save_converted) make_output_folder(*options.save_converted);
  const Environment environment = read_environment();
  if (options.mode == Mode::kThroughput) {
    return bench_throughput(options, std::move(model), environment, progress);
  }
  const WorkFolder work;
  const PreparedModel prepared =
      prepare_model(options, std::move(model), default_threads(environment), work, progress);
  const std::string run_id = random_id();
  std::vector<Result> results;
  for (const EngineChoice& choice : options.engines) {
    results.push_back(describe(options, prepared, environment, run_id, choice));
  }
  ModelBench bench(options, prepared, work, progress, settings, results);
  bench.go();
  if (options.mode == Mode::kLatency) place(results, options.confidence, bench.anchor());
  for (const Result& result : results) {
    if (result.outcome.ok()) write_guarded(result);
  }
  return results;
}

}  // namespace dnnbench
