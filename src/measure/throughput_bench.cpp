#include "measure/throughput_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/error.h"
#include "measure/rank_results.h"
#include "measure/throughput_windows.h"
#include "measure/turn_rules.h"
#include "process/worker_process.h"
#include "results/units.h"

namespace dnnbench {
namespace {

constexpr double kWindow_s = 0.3;     // at least
constexpr double kMinInferences = 4;  // of each process in a window
constexpr size_t kAloneWindows = 10;  // undisturbed ones; of at most twice as many
constexpr size_t kMaxBlocks = 24;     // of a pair; what is then undecided stays so

std::string words(const StreamSetting& setting, std::optional<int64_t> batch) {
  std::string text = fmt::format("{} x {}", setting.streams, counted(setting.threads, "thread"));
  if (batch) text += fmt::format(", batch {}", *batch);
  return text;
}

}  // namespace

struct ThroughputBench::Setup {
  ThroughputSetting setting;
  std::unique_ptr<MeasuredEngine> engine;
  Measured measured;
  std::vector<ThroughputWindow> windows;  // of all comparisons
  size_t block = 0;                       // of the last of them
  bool has_run = false;  // a window since its start, so that there are outputs to verify
  EngineFacts facts;     // once its engine is released

  bool is_disturbed() const {
    return is_mostly_disturbed(measured.blocks_disturbed, measured.blocks);
  }

  void wake() {
    if (engine->wake()) has_run = false;
  }

  // Verifies once more and ends the engine. How it ended.
  Outcome release() {
    Outcome outcome;
    try {
      if (has_run) engine->verify(input_set_of(block));
    } catch (const EngineEnded& ended) {
      outcome = ended.outcome;
    }
    facts = engine->facts();
    engine.reset();
    return outcome;
  }
};

ThroughputBench::ThroughputBench(const RunOptions& options, const Candidate& candidate,
                                 const std::string& label, int cores, const ThroughputParts& parts,
                                 const Surroundings& surroundings, Progress& progress, size_t place,
                                 size_t engines)
    : options_(options),
      throughput_options_(*options.throughput()),
      candidate_(candidate),
      label_(label),
      cores_(cores),
      parts_(parts),
      surroundings_(surroundings),
      progress_(progress),
      busy_(surroundings, progress),
      place_(place),
      engines_(engines) {}

ThroughputBench::~ThroughputBench() = default;

ThroughputFound ThroughputBench::measure() {
  started_s_ = surroundings_.now_s();
  throughput_.slo_p99_s = throughput_options_.slo_p99_s;
  try_all();
  return found();
}

void ThroughputBench::try_all() {
  const std::vector<StreamSetting> settings =
      stream_settings(cores_, throughput_options_.threads, throughput_options_.streams);
  bool growing = true;
  for (size_t index = 0; growing; ++index) {
    const auto batch = next_batch(index);
    if (!batch) break;
    // Larger batches are tried while they do more; of those that were asked for, all.
    growing = index == 0 || !throughput_options_.batches.empty();
    const size_t batches = std::max(index + 1, throughput_options_.batches.size());
    known_settings_ = throughput_.tried.size() + (batches - index) * settings.size();
    std::vector<StreamSetting> queue = settings;
    for (size_t i = 0; i < queue.size(); ++i) {
      if ((best_ || spare_ || disturbed_) && left_s() <= 0) return;
      if (surroundings_.is_interrupted()) return;
      const Trial trial = try_setting(*batch, queue[i]);
      growing = trial == Trial::kBest || growing;
      if (trial != Trial::kDisturbed || i >= settings.size()) continue;
      queue.push_back(queue[i]);  // once more: what disturbed it may be over by then
      ++known_settings_;
    }
  }
  throughput_.complete = !surroundings_.is_interrupted();
}

// Preparing the model at another size can be cut short as well.
std::optional<std::optional<int64_t>> ThroughputBench::next_batch(size_t index) const {
  try {
    return parts_.batch_at(index);
  } catch (const Interrupted&) {
    return std::nullopt;
  }
}

double ThroughputBench::left_s() const {
  return options_.budget_s - (surroundings_.now_s() - started_s_);
}

void ThroughputBench::report() {
  const TriedSetting& trying = throughput_.tried.back();
  const bool all_known = !throughput_options_.batches.empty();
  std::string text = fmt::format("{} setting {} of {}{}", label_, throughput_.tried.size(),
                                 known_settings_, all_known ? "" : "+");
  if (best_) {
    const TriedSetting& best = throughput_.tried[best_->setting.index];
    text += fmt::format(", best so far {}/s with {}", format_rate(best.per_s),
                        words({best.streams, best.threads}, best.batch));
  }
  text += ", trying " + words({trying.streams, trying.threads}, trying.batch);
  const double done = std::clamp(1 - left_s() / options_.budget_s, 0.0, 1.0);
  progress_.measuring(
      {(static_cast<double>(place_) + done) / static_cast<double>(engines_), true, text});
}

ThroughputBench::Trial ThroughputBench::try_setting(std::optional<int64_t> batch,
                                                    const StreamSetting& setting) {
  ThroughputSetting next{candidate_, throughput_.tried.size()};
  next.candidate.streams = setting.streams;
  next.candidate.threads = setting.threads;
  next.candidate.batch = batch;
  throughput_.tried.push_back({setting.streams, setting.threads, batch});
  report();
  try {
    return compare_with_best(load(std::move(next)));
  } catch (const Interrupted&) {
    throughput_.tried.pop_back();
    return Trial::kNotBest;
  } catch (const EngineEnded& ended) {
    give_up(throughput_.tried.back(), ended.outcome);
    return Trial::kNotBest;
  }
}

// A setting that ended has no figures.
void ThroughputBench::give_up(TriedSetting& setting, const Outcome& outcome) {
  if (first_failure_.ok()) first_failure_ = outcome;
  setting.reason = fmt::format("{}: {}", to_string(outcome.kind), outcome.reason);
  setting.per_s = setting.p99_s = 0;
  setting.least_per_s.reset();
  setting.greatest_per_s.reset();
}

ThroughputBench::Trial ThroughputBench::compare_with_best(std::unique_ptr<Setup> setup) {
  if (best_) {
    const Outcome outcome = measure_both(*best_, *setup);
    if (!outcome.ok()) {
      give_up(tried(*best_), outcome);
      best_.reset();
    }
  }
  if (!best_) measure_alone(*setup);
  judge(*setup);
  if (best_) judge(*best_);
  setup->engine->pause();
  if (best_ && !tried(*best_).reason.empty()) best_.reset();  // now it broke the bound
  if (throughput_.slo_p99_s && setup->is_disturbed()) return leave_open(std::move(setup));
  if (!tried(*setup).reason.empty()) return Trial::kNotBest;
  if (!best_) return choose(std::move(setup));
  const bool is_faster = tried(*setup).speed.relation == Relation::kFaster;
  if (is_faster) std::swap(best_, setup);
  keep_faster(spare_, std::move(setup));
  return is_faster ? Trial::kBest : Trial::kNotBest;
}

// Where there is no best one: it may be that now, having been compared with nothing that may be
// chosen. The spare one stays in view where it does more.
ThroughputBench::Trial ThroughputBench::choose(std::unique_ptr<Setup> setup) {
  if (spare_ && tried(*spare_).per_s >= tried(*setup).per_s) return Trial::kNotBest;
  best_ = std::move(setup);
  return Trial::kBest;
}

// Most of its windows were disturbed, which says nothing of the bound.
ThroughputBench::Trial ThroughputBench::leave_open(std::unique_ptr<Setup> setup) {
  TriedSetting& open = tried(*setup);
  open.reason = fmt::format("most windows were disturbed: {}", setup->measured.disturbance);
  open.p99_s = 0;
  return keep_faster(disturbed_, std::move(setup)) ? Trial::kDisturbed : Trial::kNotBest;
}

// The faster of the two is kept, without its engine. Whether the new one ended well.
bool ThroughputBench::keep_faster(std::unique_ptr<Setup>& kept, std::unique_ptr<Setup> setup) {
  const Outcome outcome = setup->release();
  if (!outcome.ok()) {
    give_up(tried(*setup), outcome);
    return false;
  }
  if (!kept || tried(*kept).per_s < tried(*setup).per_s) kept = std::move(setup);
  return true;
}

std::unique_ptr<ThroughputBench::Setup> ThroughputBench::load(ThroughputSetting setting) {
  auto setup = std::make_unique<Setup>();
  setup->setting = std::move(setting);
  try {
    setup->engine = parts_.make_engine(setup->setting);
    setup->engine->prepare();
  } catch (const Error& error) {
    if (place_ == 0 && setup->setting.index == 0) throw;
    throw EngineEnded({OutcomeKind::kFailed, error.what()});  // what was measured is kept
  }
  setup->engine->pause();
  surroundings_.commit(false);
  return setup;
}

// Whether nothing disturbed it.
bool ThroughputBench::take_window(Setup& setup, size_t block) {
  const double kept_s = std::max(kWindow_s, kMinInferences * setup.engine->expected_s());
  report();
  ThroughputTurn turn = take_verified_turn(*setup.engine, block, [&](size_t input_set) {
    return setup.engine->take_throughput_turn(input_set, kept_s);
  });
  setup.block = block;
  setup.has_run = true;
  setup.measured.count_block(turn.disturbance);
  busy_.add_block(turn.disturbance);
  setup.measured.dropped += turn.dropped;
  add(setup.measured.noise, turn.noise);
  if (turn.gpu) {
    int64_t inferences = 0;
    for (const StreamTimes& stream : turn.streams) {
      inferences += static_cast<int64_t>(stream.start_s.size());
    }
    add(setup.measured.gpu, *turn.gpu, inferences);
  }
  const auto items = static_cast<double>(setup.setting.candidate.batch.value_or(1));
  const double items_per_s = items * common_rate_per_s(turn.streams);
  setup.windows.push_back({std::move(turn), items_per_s});
  return !setup.windows.back().turn.is_disturbed();
}

void ThroughputBench::measure_alone(Setup& setup) {
  size_t undisturbed = 0;
  for (size_t block = 0; block < 2 * kAloneWindows && undisturbed < kAloneWindows; ++block) {
    setup.wake();
    undisturbed += take_window(setup, block) ? 1 : 0;
    surroundings_.commit(true);
    if (surroundings_.is_interrupted()) break;
  }
}

// In turns, until it is known which of the two does more. How the best one ended, if it did; throws
// EngineEnded where the other one does.
Outcome ThroughputBench::measure_both(Setup& best, Setup& other) {
  const double alpha = 1 - options_.confidence;
  std::vector<double> best_times, other_times;  // of an item, as the ranking takes them
  Setup* const setups[] = {&best, &other};
  const auto may_go_on = [this](size_t block) {
    return block == 0 || (block < kMaxBlocks && !surroundings_.is_interrupted());
  };
  for (size_t block = 0; may_go_on(block); ++block) {
    bool undisturbed = true;
    const Setup* at_work = nullptr;
    try {
      for (Setup* const setup : setups) {
        at_work = setup;
        setup->wake();
      }
      for (const size_t place : {0, 1}) {
        Setup& setup = *setups[(place + block) % 2];
        at_work = &setup;
        undisturbed = take_window(setup, block) && undisturbed;
      }
    } catch (const EngineEnded& ended) {
      if (at_work == &best) return ended.outcome;
      throw;
    }
    surroundings_.commit(true);
    const double best_per_s = best.windows.back().items_per_s;
    const double other_per_s = other.windows.back().items_per_s;
    if (!undisturbed || best_per_s <= 0 || other_per_s <= 0) continue;
    best_times.push_back(1 / best_per_s);
    other_times.push_back(1 / other_per_s);
    const auto known = remaining_work({{best_times, other_times}, {}}, alpha, goal_of(options_));
    if (known[0].certainty != Certainty::kOpen || left_s() <= 0) break;
  }
  tried(other).against = best.setting.index;
  Ratio& speed = tried(other).speed;
  speed = {0, {0, 0}, Relation::kUndecided};  // unless a block was undisturbed
  if (best_times.empty()) return {};
  // The inverse ratio of times is that of speeds; the relation is the other's, not the best's.
  const BlockTable times{{best_times, other_times}, {}};
  speed = ratio_of(times, 0, 1, alpha);
  speed.relation = ratio_of(times, 1, 0, alpha).relation;
  return {};
}

TriedSetting& ThroughputBench::tried(const Setup& setup) {
  return throughput_.tried[setup.setting.index];
}

// Its figures, and why it can't be chosen where it can't. Disturbed windows say nothing of the
// bound.
void ThroughputBench::judge(Setup& setup) {
  TriedSetting& tried = this->tried(setup);
  set_figures(setup.windows, tried);
  tried.peak_rss_bytes = setup.engine->peak_rss_bytes();
  tried.process_cores = setup.engine->facts().process_cores;
  const std::optional<double> slo_p99_s = throughput_options_.slo_p99_s;
  if (!slo_p99_s || tried.p99_s <= *slo_p99_s || setup.is_disturbed()) return;
  tried.reason = fmt::format("an inference takes up to {}, more than {}",
                             format_seconds(tried.p99_s), format_seconds(*slo_p99_s));
}

ThroughputFound ThroughputBench::found() {
  if (best_) {
    const Outcome outcome = best_->release();
    if (!outcome.ok()) {
      if (!spare_ && !disturbed_) {
        return {outcome, best_->setting, best_->facts, best_->measured};
      }
      give_up(tried(*best_), outcome);
      best_.reset();
    }
  }
  if (!best_) best_ = std::move(spare_);
  if (!best_ && disturbed_) {  // whose result is suspect
    best_ = std::move(disturbed_);
    tried(*best_).reason.clear();
  }
  if (!best_) {
    if (surroundings_.is_interrupted()) throw Interrupted();
    Outcome outcome = first_failure_;
    if (outcome.ok()) outcome = {OutcomeKind::kUnsupported, throughput_.tried.front().reason};
    return {outcome, std::nullopt, {}, {}};
  }
  keep_samples();
  return {{}, best_->setting, std::move(best_->facts), std::move(best_->measured)};
}

// Of the windows that its figures are of; the last so many, for the file's sake.
void ThroughputBench::keep_samples() {
  Measured& measured = best_->measured;
  throughput_.chosen = best_->setting.index;
  measured.throughput = throughput_;
  measured.stopped = throughput_.complete             ? Stop::kDecided
                     : surroundings_.is_interrupted() ? Stop::kInterrupted
                                                      : Stop::kBudget;
  const std::vector<ThroughputWindow> windows = counted_windows(best_->windows);
  const size_t kept = std::min(windows.size(), kMaxBlocks);
  for (size_t block = 0; block < kept; ++block) {
    const ThroughputTurn& turn = windows[windows.size() - kept + block].turn;
    measured.cpu_s += turn.cpu_s;
    for (const StreamTimes& stream : turn.streams) {
      for (size_t i = 0; i < stream.start_s.size(); ++i) {
        measured.samples.push_back(
            {static_cast<int64_t>(block), stream.start_s[i] - started_s_, stream.duration_s[i]});
      }
    }
  }
  std::sort(measured.samples.begin(), measured.samples.end(),
            [](const Sample& a, const Sample& b) { return a.start_s < b.start_s; });
  measured.inferences = static_cast<int64_t>(measured.samples.size());
}

}  // namespace dnnbench
