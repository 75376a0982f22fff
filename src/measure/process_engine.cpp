#include "measure/process_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/error.h"
#include "core/statistics.h"
#include "measure/surroundings.h"
#include "protocol/precision.h"
#include "protocol/value_file.h"
#include "rank/steady.h"
#include "verify/verify.h"

namespace dnnbench {
namespace {

constexpr int64_t kMinWarmup = 3;         // measurements
constexpr int64_t kMaxSlice = 10'000;     // measurements
constexpr int64_t kMaxKept = 2'000;       // in a turn; more would only make a larger file
constexpr int64_t kMaxOfAStream = 1'000;  // the same, where several compute at once
constexpr int64_t kMinKept = 2;
constexpr int64_t kMaxDropped = 200;  // at the start of a turn

// Above what any answer needs, so that a queue that grows ends and is reported.
constexpr double kLongestBacklog = 1.2;  // times the schedule's length
constexpr double kMinBacklog_s = 1;

// From the schedule's making to its first request: the engines must receive it first.
constexpr double kSetOff_s = 0.05;
constexpr double kSetOffARequest_s = 2e-6;

double seconds_since(double start_s) { return monotonic_s() - start_s; }

int badness(Verdict verdict) {
  if (verdict == Verdict::kOk) return 0;
  return verdict == Verdict::kUnverified ? 1 : 2;
}

const Verification& worse(const Verification& a, const Verification& b) {
  if (a.verdict != b.verdict) return badness(a.verdict) > badness(b.verdict) ? a : b;
  const auto size = [](const Verification& one) {
    return std::pair(one.differing_elements.value_or(0), one.max_rel_error.value_or(0));
  };
  return size(a) >= size(b) ? a : b;
}

// In the midst of measuring, an Error ends this engine alone.
template <typename Act>
void or_failed(Act act) {
  try {
    act();
  } catch (const Error& error) {
    throw EngineEnded({OutcomeKind::kFailed, error.what()});
  }
}

// What the engine itself counted while it computed.
void count(const TimedSlice& slice, Turn& turn) {
  turn.cpu_s += slice.cpu_s;
  *turn.noise.waited_s += slice.waited_s;
  turn.noise.involuntary_switches += slice.involuntary_switches;
}

void append(const TimedSlice& slice, LatencyTurn& turn) {
  if (!slice.gpu_s.empty()) {
    if (!turn.gpu) turn.gpu.emplace();
    std::vector<double>& compute_s = turn.gpu->compute_s;
    compute_s.insert(compute_s.end(), slice.gpu_s.begin(), slice.gpu_s.end());
  }
  turn.start_s.insert(turn.start_s.end(), slice.start_s.begin(), slice.start_s.end());
  turn.duration_s.insert(turn.duration_s.end(), slice.duration_s.begin(), slice.duration_s.end());
  count(slice, turn);
}

}  // namespace

ProcessEngine::ProcessEngine(const RunOptions& options, const PreparedModel& prepared,
                             EngineSetup setup, const WorkFolder& work, Progress& progress,
                             TurnLengths lengths)
    : options_(options),
      prepared_(prepared),
      setup_(std::move(setup)),
      work_(work),
      shared_(setup_.candidate.streams > 1 ? std::make_unique<WorkFolder>(work.path()) : nullptr),
      progress_(progress),
      lengths_(lengths),
      shares_(share_cores(physical_cores(), setup_.candidate.streams, setup_.threads)),
      loader_(options, prepared, setup_, work, [this](const std::string& doing) { step(doing); }),
      watch_(setup_.gpu) {}

void ProcessEngine::start() {
  started_at_s_ = monotonic_s();
  for (int stream = 0; stream < setup_.candidate.streams; ++stream) {
    sessions_.push_back(std::make_unique<EngineSession>(worker_options(stream), work_.path()));
  }
}

void ProcessEngine::pause() {
  for (auto& session : sessions_) session->pause();
}

int64_t ProcessEngine::peak_rss_bytes() const {
  int64_t bytes = 0;
  for (const auto& session : sessions_) bytes += session->peak_rss_bytes();
  return std::max(bytes, facts_.peak_rss_bytes.value_or(0));
}

EngineFacts ProcessEngine::facts() const {
  EngineFacts facts = facts_;
  if (peak_rss_bytes() > 0) facts.peak_rss_bytes = peak_rss_bytes();
  return facts;
}

void ProcessEngine::verify(size_t input_set) {
  for (const auto& session : sessions_) {
    if (idle_.count(session.get()) == 0) examine(*session, input_set, "During the timing");
  }
}

void ProcessEngine::prepare() {
  start();
  prepare_started();
  for (auto& session : sessions_) session->finish_all_steps();
}

void ProcessEngine::prepare_started() {
  load();
  verify_before_timing();
  if (!restarted_) measure_accuracy();
  warm_up();
  start_s_ = seconds_since(started_at_s_);
  if (shares_.empty()) return;
  facts_.process_cores.clear();
  for (const auto& session : sessions_) facts_.process_cores.push_back(session->cores());
}

void ProcessEngine::restart() {
  facts_.peak_rss_bytes = peak_rss_bytes();
  sessions_.clear();  // first: the new ones may need the memory
  restarted_ = true;
  or_failed([this] { start(); });
  prepare_started();
}

LatencyTurn ProcessEngine::take_turn(size_t input_set, std::optional<int64_t> measurements) {
  sessions_[0]->set_inputs(prepared_.examinations[input_set].inputs_file);
  LatencyTurn turn;
  turn.dropped = warm_up_turn();
  const int64_t max = measurements.value_or(kMaxKept);
  const int64_t min = measurements.value_or(kMinKept);
  const auto keep = [&] {
    const double start_s = monotonic_s();
    const auto kept = [&] { return static_cast<int64_t>(turn.duration_s.size()); };
    while (kept() < min || (kept() < max && seconds_since(start_s) < lengths_.kept_s)) {
      const double left_s = std::max(lengths_.kept_s - seconds_since(start_s), 0.0);
      append(time_slice(std::min(max - kept(), kMaxSlice), left_s), turn);
    }
  };
  watch_.watch(turn, sessions_, keep, [&](Turn& longer, double seconds) {
    count(time_slice(kMaxSlice, seconds), longer);
  });
  return turn;
}

// Measurements, at a turn's start, that are not kept.
int64_t ProcessEngine::warm_up_turn() {
  std::vector<double> durations;
  const double start_s = monotonic_s();
  do {
    const TimedSlice slice = time_slice(kMaxDropped, lengths_.dropped_s);
    durations.insert(durations.end(), slice.duration_s.begin(), slice.duration_s.end());
  } while (seconds_since(start_s) < lengths_.max_turn_warmup_s && !is_steady(durations));
  return static_cast<int64_t>(durations.size());
}

TrafficTurn ProcessEngine::take_traffic_turn(size_t input_set, const TrafficTurnRequest& request) {
  set_inputs(input_set);
  if (setup_.gpu != nullptr) warm_up_turn();
  TrafficTurn turn;
  watch_.watch(turn, sessions_, [&] { turn = serve(request); });
  return turn;
}

ThroughputTurn ProcessEngine::take_throughput_turn(size_t input_set, double kept_s) {
  set_inputs(input_set);
  ThroughputTurn turn;
  for (const TimedSlice& slice : time_slices(kMaxDropped, lengths_.dropped_s)) {
    turn.dropped += static_cast<int64_t>(slice.duration_s.size());
  }
  watch_.watch(turn, sessions_, [&] {
    for (TimedSlice& slice : time_slices(kMaxOfAStream, kept_s)) {
      count(slice, turn);
      turn.streams.push_back({std::move(slice.start_s), std::move(slice.duration_s)});
    }
  });
  return turn;
}

// One queue for all processes, which have the same clock.
TrafficTurn ProcessEngine::serve(const TrafficTurnRequest& request) {
  Schedule schedule;
  schedule.arrival_s = request.arrival_s;
  schedule.end_s = kLongestBacklog * request.arrival_s.back() + kMinBacklog_s;
  if (sessions_.size() > 1) {
    or_failed([&] { schedule.tickets_file = make_tickets_file(*shared_); });
  }
  schedule.origin_s = monotonic_s() + kSetOff_s +
                      kSetOffARequest_s * static_cast<double>(schedule.arrival_s.size());
  for (auto& session : sessions_) session->start_serving(schedule);
  std::vector<ServedPart> parts;
  idle_.clear();
  for (auto& session : sessions_) {
    parts.push_back(session->end_serving());
    if (parts.back().request.empty()) idle_.insert(session.get());
  }
  return join(parts, schedule, request.dropped);
}

WorkerOptions ProcessEngine::worker_options(int stream) const {
  WorkerOptions worker;
  worker.engine = setup_.candidate.engine;
  worker.version = setup_.candidate.engine_version;
  std::filesystem::path log = setup_.log_path;
  if (stream > 0) log.replace_extension(fmt::format("{}.log", stream + 1));
  worker.log_path = log.string();
  worker.limits_memory = setup_.gpu == nullptr;
  worker.append_log = restarted_;
  worker.timeout_s = options_.timeout_s;
  worker.default_precision = setup_.candidate.precision == "default";
  if (shared_) worker.writable.push_back(shared_->path());
  if (!setup_.converted_path.empty()) {
    worker.writable.push_back(std::filesystem::path(setup_.converted_path).parent_path().string());
  }
  worker.interruptible = !restarted_;  // what was measured of it needs a last verification
  if (!shares_.empty()) worker.cores = shares_[static_cast<size_t>(stream)];
  return worker;
}

void ProcessEngine::step(const std::string& doing, std::optional<double> remaining_s) {
  progress_.step(setup_.label, doing, remaining_s);
}

void ProcessEngine::load() {
  step(fmt::format("loading (at most {:g} s)", options_.timeout_s + options_.tune_budget_s));
  for (auto& session : sessions_) {
    started_at_s_ += loader_.load(*session, facts_.load);
  }
  const bool is_first = !restarted_;
  if (is_first && facts_.load.convert_s && !setup_.converted_path.empty()) save_converted();
}

// What the variant costs on samples that it was not calibrated on, as this engine computes it.
void ProcessEngine::measure_accuracy() {
  if (!prepared_.samples || setup_.candidate.precision == "f32") return;
  AccuracyMeter meter(prepared_.samples->given, options_.top);
  const std::string file = work_.path() + "/held-out";
  std::vector<std::vector<Value>> outputs;  // for the user's command
  for (const HeldOutSample& sample : prepared_.samples->held_out) {
    step("measuring its accuracy");
    write_values(file, sample.inputs);
    sessions_[0]->set_inputs(file);
    sessions_[0]->run();
    std::vector<Value> made = sessions_[0]->outputs();
    meter.add(sample.f32, made, sample.labels);
    if (prepared_.samples->metric) outputs.push_back(std::move(made));
  }
  if (prepared_.samples->held_out.empty()) return;
  facts_.accuracy = meter.result();
  add_scores(*prepared_.samples, outputs, *facts_.accuracy);
}

void ProcessEngine::save_converted() {
  step("saving the converted model");
  facts_.load.converted_path = sessions_[0]->save_converted(setup_.converted_path);
}

void ProcessEngine::set_inputs(size_t input_set) {
  for (auto& session : sessions_) {
    session->set_inputs(prepared_.examinations[input_set].inputs_file);
  }
}

void ProcessEngine::verify_before_timing() {
  for (size_t input_set = 0; input_set < prepared_.examinations.size(); ++input_set) {
    for (auto& session : sessions_) {
      step("verifying");
      session->set_inputs(prepared_.examinations[input_set].inputs_file);
      const double run_s = session->slice(1, 1, 0).duration_s.front();
      if (!facts_.load.first_run_s) facts_.load.first_run_s = run_s;
      expected_s_ = run_s * static_cast<double>(number_of(options_));
      examine(*session, input_set, "Before the timing");
    }
  }
}

// Who is right where an engine disagrees: a reference that is wrong judges nothing.
void ProcessEngine::ask_for_second_opinion(size_t input_set, Verification& verification) {
  verification.second_opinion = prepared_.second_opinion;
  if (verification.verdict != Verdict::kWrong || !prepared_.reference_check) return;
  const SecondOpinion& opinion = prepared_.reference_check->check(input_set);
  verification.second_opinion = opinion;
  if (opinion.reference != ReferenceState::kWrong) return;
  verification.verdict = Verdict::kUnverified;
  verification.reason = why_wrong(opinion);
  progress_.note(verification.reason);
}

// Compares the last inference's outputs with the reference and keeps the worst verdict.
void ProcessEngine::examine(EngineSession& session, size_t input_set, const std::string& when) {
  const std::string& asked = setup_.candidate.precision;
  const std::string precision =
      asked == "default" ? coarsest_in_force(*facts_.load.in_force) : asked;
  const Reference& reference = prepared_.examinations[input_set].reference;
  Verification verification =
      dnnbench::verify(reference, session.outputs(), tolerance_class_of(precision));
  if (!reference.expected) ask_for_second_opinion(input_set, verification);
  facts_.verification =
      examined_ ? Verification(worse(facts_.verification, verification)) : verification;
  examined_ = true;
  if (verification.verdict == Verdict::kWrong) {
    throw EngineEnded(
        {OutcomeKind::kWrongOutput, fmt::format("{}: {}", when, verification.reason)});
  }
}

void ProcessEngine::count_warmup(int64_t measurements) {
  (restarted_ ? facts_.restart_warmup : facts_.warmup) += measurements;
}

void ProcessEngine::warm_up() {
  step("warming up");
  if (!options_.warmup) return warm_up_until_steady();
  for (int64_t left = *options_.warmup; left > 0;) {
    const auto durations =
        time_slice(std::min(left, kMaxSlice), lengths_.warmup_slice_s).duration_s;
    expected_s_ = median(durations);
    left -= static_cast<int64_t>(durations.size());
  }
  count_warmup(*options_.warmup);
}

void ProcessEngine::warm_up_until_steady() {
  const double start_s = monotonic_s();
  std::vector<double> durations;
  const double min_s = restarted_ ? lengths_.min_warmup_after_restart_s : lengths_.min_warmup_s;
  const auto are_few = [&] { return static_cast<int64_t>(durations.size()) < kMinWarmup; };
  const auto enough = [&] {
    return !are_few() && seconds_since(start_s) >= min_s && is_steady(durations);
  };
  while (!enough() && (seconds_since(start_s) < lengths_.max_warmup_s || are_few())) {
    const TimedSlice slice = time_slice(kMaxSlice, lengths_.warmup_slice_s);
    durations.insert(durations.end(), slice.duration_s.begin(), slice.duration_s.end());
    expected_s_ = median(slice.duration_s);
  }
  facts_.steady = facts_.steady.value_or(true) && enough();
  count_warmup(static_cast<int64_t>(durations.size()));
}

// Of the first process, while all of them do the same.
TimedSlice ProcessEngine::time_slice(int64_t measurements, double max_s) {
  return time_slices(measurements, max_s).front();
}

std::vector<TimedSlice> ProcessEngine::time_slices(int64_t measurements, double max_s) {
  for (auto& session : sessions_) {
    session->start_slice(measurements, number_of(options_), max_s);
  }
  std::vector<TimedSlice> slices;
  for (auto& session : sessions_) slices.push_back(session->end_slice());
  return slices;
}

}  // namespace dnnbench
