#include "measure/throughput_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "core/mean_interval.h"
#include "core/statistics.h"
#include "machine/disturbance.h"
#include "results/units.h"

namespace dnnbench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kWindow_s = 0.3;     // at least
constexpr double kMinInferences = 4;  // of each process in a window
constexpr size_t kAloneWindows = 10;  // undisturbed ones; of at most twice as many
constexpr size_t kMaxBlocks = 24;     // of a pair; what is then undecided stays so

double now_s() { return std::chrono::duration<double>(Clock::now().time_since_epoch()).count(); }

std::string words(const StreamSetting& setting, std::optional<int64_t> batch) {
  std::string text = fmt::format("{} x {} thread{}", setting.streams, setting.threads,
                                 setting.threads == 1 ? "" : "s");
  if (batch) text += fmt::format(", batch {}", *batch);
  return text;
}

// One turn of a setting.
struct Window {
  ThroughputTurn turn;
  double items_per_s = 0;
  bool undisturbed = true;
};

// Those that its figures are of: undisturbed ones, or all where more than half were disturbed,
// which makes the result suspect.
std::vector<const Window*> counted(const std::vector<Window>& windows) {
  std::vector<const Window*> all, undisturbed;
  for (const Window& window : windows) {
    all.push_back(&window);
    if (window.undisturbed) undisturbed.push_back(&window);
  }
  return 2 * undisturbed.size() < all.size() ? all : undisturbed;
}

}  // namespace

struct ThroughputBench::Setup {
  const BatchedModel& model;
  EngineChoice choice;
  Result result;  // of this setting
  size_t index;   // in ThroughputResult::tried
  std::unique_ptr<EngineBench> bench;
  std::vector<Window> windows;  // of all comparisons
  size_t examination = 0;       // of the last of them
};

ThroughputBench::ThroughputBench(const RunOptions& options, const EngineChoice& choice, int cores,
                                 Progress& progress, Result& result)
    : options_(options), choice_(choice), cores_(cores), progress_(progress), result_(result) {}

ThroughputBench::~ThroughputBench() = default;

void ThroughputBench::measure(const ModelAtBatch& model_at) {
  started_s_ = now_s();
  throughput_.slo_p99_s = options_.slo_p99_s;
  bool growing = true;
  for (size_t index = 0; growing; ++index) {
    const BatchedModel* model = model_at(index);
    if (model == nullptr) break;
    // Larger batches are tried while they do more; of those that were asked for, all.
    growing = index == 0 || !options_.batches.empty();
    std::vector<StreamSetting> settings =
        stream_settings(cores_, options_.throughput_threads, choice_.streams);
    for (const StreamSetting& setting : settings) {
      if (!best_ended_.ok() || (best_ && left_s() <= 0)) {
        fill_in();
        return;
      }
      growing = try_setting(*model, setting) || growing;
    }
  }
  throughput_.complete = best_ended_.ok();
  fill_in();
}

double ThroughputBench::left_s() const { return options_.budget_s - (now_s() - *started_s_); }

// Whether it is the best now.
bool ThroughputBench::try_setting(const BatchedModel& model, const StreamSetting& setting) {
  progress_.step(choice_.backend, "trying " + words(setting, model.batch), std::nullopt);
  throughput_.tried.push_back({setting.streams, setting.threads, model.batch});
  TriedSetting& tried = throughput_.tried.back();
  try {
    std::unique_ptr<Setup> setup = load(model, setting);
    if (!best_) {
      measure_alone(*setup);
      judge(*setup);
      setup->bench->pause();
      if (tried.reason.empty()) best_ = std::move(setup);
      return best_ != nullptr;
    }
    measure_both(*best_, *setup);
    judge(*setup);
    judge(*best_);
    setup->bench->pause();
    const bool chosen = throughput_.tried[best_->index].reason.empty();
    if (!tried.reason.empty()) {
      if (!chosen) best_.reset();  // it broke the bound in this comparison
      return false;
    }
    if (chosen && tried.speed.relation != Relation::kFaster) return false;
    best_ = std::move(setup);
    return true;
  } catch (const EngineEnded& ended) {
    if (!best_ended_.ok()) return false;
    tried.reason = fmt::format("{}: {}", to_string(ended.outcome.kind), ended.outcome.reason);
    if (first_failure_.ok()) first_failure_ = ended.outcome;
    return false;
  }
}

std::unique_ptr<ThroughputBench::Setup> ThroughputBench::load(const BatchedModel& model,
                                                              const StreamSetting& setting) {
  auto setup = std::make_unique<Setup>(
      Setup{model, choice_, result_, throughput_.tried.size() - 1, nullptr, {}, 0});
  setup->choice.streams = setup->result.streams = setting.streams;
  setup->choice.threads = setup->result.threads = setting.threads;
  setup->result.batch = model.batch;
  setup->result.input_shapes = model.prepared.load.input_shapes;
  setup->result.input_size.clear();
  for (const ModelValue& input : model.prepared.model.inputs) {
    const auto shape = setup->result.input_shapes.find(input.name);
    if (shape != setup->result.input_shapes.end())
      setup->result.input_size.push_back(shape->second);
  }
  if (setup->index > 0) {
    std::filesystem::path log = setup->result.log_path;
    setup->result.log_path =
        log.replace_extension(fmt::format("setting{}.log", setup->index + 1)).string();
  }
  setup->bench = std::make_unique<EngineBench>(model.options, model.prepared, setup->choice,
                                               *model.work, progress_, setup->result);
  setup->bench->prepare();
  setup->bench->pause();
  return setup;
}

// Whether nothing disturbed it.
bool ThroughputBench::take_window(Setup& setup, size_t block) {
  const double kept_s = std::max(kWindow_s, kMinInferences * setup.bench->expected_s());
  setup.examination = block % 2;
  ThroughputTurn turn = setup.bench->take_throughput_turn(setup.examination, kept_s);
  if ((block & (block + 1)) == 0) setup.bench->verify_again(setup.examination);
  setup.bench->pause();
  ++setup.result.blocks;
  add(setup.result.noise, turn.noise);
  const auto items = static_cast<double>(setup.model.batch.value_or(1));
  const double items_per_s = items * common_rate_per_s(turn.streams);
  const std::string disturbed_by = disturbance(turn.noise);
  setup.windows.push_back({std::move(turn), items_per_s, disturbed_by.empty()});
  if (disturbed_by.empty()) return true;
  ++setup.result.blocks_disturbed;
  setup.result.disturbance = disturbed_by;
  return false;
}

void ThroughputBench::measure_alone(Setup& setup) {
  size_t undisturbed = 0;
  for (size_t block = 0; block < 2 * kAloneWindows && undisturbed < kAloneWindows; ++block) {
    undisturbed += take_window(setup, block) ? 1 : 0;
  }
}

// In turns, until it is known which of the two does more.
void ThroughputBench::measure_both(Setup& best, Setup& other) {
  const double alpha = 1 - options_.confidence;
  TriedSetting& tried = throughput_.tried[other.index];
  BlockTable clean(2);
  Setup* const setups[] = {&best, &other};
  for (size_t block = 0; block < kMaxBlocks; ++block) {
    bool undisturbed = true;
    for (const size_t place : {0, 1}) {
      Setup& setup = *setups[(place + block) % 2];
      try {
        undisturbed = take_window(setup, block) && undisturbed;
      } catch (const EngineEnded& ended) {
        if (&setup == &best) best_ended_ = ended.outcome;
        throw;
      }
    }
    const double best_per_s = best.windows.back().items_per_s;
    const double other_per_s = other.windows.back().items_per_s;
    if (!undisturbed || best_per_s <= 0 || other_per_s <= 0) continue;
    // Times of an item, as the ranking takes them; the inverse ratio is that of speeds.
    clean[0].push_back(1 / best_per_s);
    clean[1].push_back(1 / other_per_s);
    if (needs(clean, alpha, options_.precision_target)[0] != Need::kMore) break;
    if (left_s() <= 0) break;
  }
  tried.against = best.index;
  tried.speed = {0, {0, 0}, Relation::kUndecided};  // unless a block was undisturbed
  if (clean[0].empty()) return;
  tried.speed = ratio_of(clean, 0, 1, alpha);
  tried.speed.relation = ratio_of(clean, 1, 0, alpha).relation;  // of the other, not of the best
}

// Its figures, and why it can't be chosen where it can't.
void ThroughputBench::judge(Setup& setup) {
  TriedSetting& tried = throughput_.tried[setup.index];
  std::vector<double> rates_per_s, times_s;
  for (const Window* window : counted(setup.windows)) {
    rates_per_s.push_back(window->items_per_s);
    for (const StreamTimes& stream : window->turn.streams) {
      times_s.insert(times_s.end(), stream.duration_s.begin(), stream.duration_s.end());
    }
  }
  const double centre = mean(rates_per_s);
  tried.per_s = centre;
  tried.least_per_s.reset();  // of an earlier comparison
  tried.greatest_per_s.reset();
  const double half_width = mean_interval_half_width(rates_per_s).value_or(centre);
  if (half_width < centre) {
    tried.least_per_s = centre - half_width;
    tried.greatest_per_s = centre + half_width;
  }
  tried.p99_s = times_s.size() < kMinSamplesForP99 ? max(times_s) : percentile(times_s, 99);
  tried.peak_rss_bytes = setup.bench->peak_rss_bytes();
  tried.process_cores = setup.result.process_cores;
  if (options_.slo_p99_s && tried.p99_s > *options_.slo_p99_s) {
    tried.reason = fmt::format("an inference takes up to {}, more than {}",
                               format_seconds(tried.p99_s), format_seconds(*options_.slo_p99_s));
  }
}

void ThroughputBench::fill_in() {
  if (!best_) {
    result_.outcome = first_failure_;
    if (first_failure_.ok()) {
      result_.outcome = {OutcomeKind::kUnsupported, throughput_.tried.front().reason};
    }
    return;
  }
  try {
    if (best_ended_.ok()) best_->bench->verify_again(best_->examination);
  } catch (const EngineEnded& ended) {
    best_ended_ = ended.outcome;
  }
  best_->bench.reset();
  result_ = best_->result;
  result_.outcome = best_ended_;
  if (best_ended_.ok()) keep_data();
}

// The times of the windows that its figures are of; the last so many, for the file's sake.
void ThroughputBench::keep_data() {
  throughput_.chosen = best_->index;
  result_.throughput = throughput_;
  result_.stopped = throughput_.complete ? Stop::kDecided : Stop::kBudget;
  struct Timed {
    double start_s, duration_s;
    int64_t block;
  };
  std::vector<Timed> all;
  double cpu_s = 0;
  const std::vector<const Window*> windows = counted(best_->windows);
  const size_t kept = std::min(windows.size(), kMaxBlocks);
  for (size_t block = 0; block < kept; ++block) {
    const ThroughputTurn& turn = windows[windows.size() - kept + block]->turn;
    cpu_s += turn.cpu_s;
    for (const StreamTimes& stream : turn.streams) {
      for (size_t i = 0; i < stream.start_s.size(); ++i) {
        all.push_back(
            {stream.start_s[i] - *started_s_, stream.duration_s[i], static_cast<int64_t>(block)});
      }
    }
  }
  std::sort(all.begin(), all.end(),
            [](const Timed& a, const Timed& b) { return a.start_s < b.start_s; });
  for (const Timed& timed : all) {
    result_.start_s.push_back(timed.start_s);
    result_.data.push_back(timed.duration_s);
    result_.block.push_back(timed.block);
  }
  result_.cpu_s_per_inference = cpu_s / static_cast<double>(all.size());
}

}  // namespace dnnbench
