#include "measure/bench_engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "core/statistics.h"
#include "machine/machine_counters.h"
#include "rank/steady.h"
#include "verify/verify.h"

namespace dnnbench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kMinWarmup = 3;          // experiments
constexpr int64_t kLargestSlice = 10'000;  // experiments
constexpr int64_t kMaxKept = 2'000;        // in a turn; more would only make a larger file
constexpr int64_t kMaxOfAStream = 1'000;   // the same, where several compute at once
constexpr int64_t kMinKept = 2;
constexpr int64_t kMaxDropped = 200;  // at the start of a turn

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

int badness(Verdict verdict) {
  if (verdict == Verdict::kOk) return 0;
  return verdict == Verdict::kUnverified ? 1 : 2;
}

const Verification& worse(const Verification& a, const Verification& b) {
  if (a.verdict != b.verdict) return badness(a.verdict) > badness(b.verdict) ? a : b;
  return a.max_rel_error.value_or(0) >= b.max_rel_error.value_or(0) ? a : b;
}

// Above what any answer needs, so that a queue that grows ends and is told.
constexpr double kLongestBacklog = 1.2;  // times the schedule's length
constexpr double kMinBacklog_s = 1;

// From the schedule's making to its first request: the engines have to be told of it.
constexpr double kSetOff_s = 0.05;
constexpr double kSetOffARequest_s = 2e-6;

double now_s() { return std::chrono::duration<double>(Clock::now().time_since_epoch()).count(); }

void append(const TimedSlice& slice, Turn& turn) {
  turn.start_s.insert(turn.start_s.end(), slice.start_s.begin(), slice.start_s.end());
  turn.duration_s.insert(turn.duration_s.end(), slice.duration_s.begin(), slice.duration_s.end());
  turn.cpu_s += slice.cpu_s;
  turn.noise.waited_s += slice.waited_s;
  turn.noise.involuntary_switches += slice.involuntary_switches;
}

}  // namespace

EngineBench::EngineBench(const RunOptions& options, const PreparedModel& prepared,
                         const EngineChoice& choice, const WorkFolder& work, Progress& progress,
                         Result& result, TurnLengths lengths)
    : options_(options),
      prepared_(prepared),
      choice_(choice),
      progress_(progress),
      result_(result),
      lengths_(lengths),
      work_(work),
      shares_(share_cores(physical_cores(), choice.streams, result.threads)) {
  start();
}

void EngineBench::start() {
  started_at_ = Clock::now();
  for (int stream = 0; stream < choice_.streams; ++stream) {
    sessions_.push_back(std::make_unique<EngineSession>(worker_options(stream), work_.path()));
  }
}

EngineBench::~EngineBench() {
  if (peak_rss_bytes() > 0) result_.peak_rss_bytes = peak_rss_bytes();
}

void EngineBench::pause() {
  for (auto& session : sessions_) session->pause();
}

int64_t EngineBench::peak_rss_bytes() const {
  int64_t bytes = 0;
  for (const auto& session : sessions_) bytes += session->peak_rss_bytes();
  return std::max(bytes, peak_rss_bytes_);
}

void EngineBench::verify_again(size_t examination) {
  for (auto& session : sessions_) examine(*session, examination, "During the timing");
}

void EngineBench::prepare() {
  load();
  verify_before_timing();
  warm_up();
  start_s_ = seconds_since(started_at_);
  if (shares_.empty()) return;
  result_.process_cores.clear();
  for (const auto& session : sessions_) result_.process_cores.push_back(session->cores());
}

void EngineBench::restart() {
  peak_rss_bytes_ = peak_rss_bytes();
  sessions_.clear();  // first: the new ones may need the memory
  restarted_ = true;
  try {
    start();
  } catch (const Error& error) {
    throw EngineEnded({OutcomeKind::kFailed, error.what()});
  }
  prepare();
}

Turn EngineBench::take_turn(size_t examination, std::optional<int64_t> experiments) {
  sessions_[0]->set_inputs(prepared_.examinations[examination].inputs_file);
  result_.dropped += time_slice(kMaxDropped, lengths_.dropped_s).duration_s.size();
  const auto start = Clock::now();
  const MachineCounters before = read_machine_counters();
  Turn turn;
  const int64_t most = experiments.value_or(kMaxKept);
  const int64_t least = std::min(most, kMinKept);
  const auto kept = [&] { return static_cast<int64_t>(turn.duration_s.size()); };
  while (kept() < (experiments ? most : least) ||
         (kept() < most && seconds_since(start) < lengths_.kept_s)) {
    const double left_s = std::max(lengths_.kept_s - seconds_since(start), 0.0);
    append(time_slice(std::min(most - kept(), kLargestSlice), left_s), turn);
  }
  const double window_s = seconds_since(start);
  const Noise seen = machine_noise(before, read_machine_counters(), window_s, turn.cpu_s);
  add(turn.noise, seen);
  return turn;
}

TrafficTurn EngineBench::take_traffic_turn(size_t examination, const TrafficTurnRequest& request) {
  for (auto& session : sessions_) {
    session->set_inputs(prepared_.examinations[examination].inputs_file);
  }
  const auto start = Clock::now();
  const MachineCounters before = read_machine_counters();
  TrafficTurn turn = serve(request);
  const double window_s = seconds_since(start);
  result_.dropped += static_cast<int64_t>(turn.served - turn.requests.size());
  add(turn.noise, machine_noise(before, read_machine_counters(), window_s, turn.cpu_s));
  return turn;
}

ThroughputTurn EngineBench::take_throughput_turn(size_t examination, double kept_s) {
  for (auto& session : sessions_) {
    session->set_inputs(prepared_.examinations[examination].inputs_file);
  }
  for (const TimedSlice& slice : time_slices(kMaxDropped, lengths_.dropped_s)) {
    result_.dropped += static_cast<int64_t>(slice.duration_s.size());
  }
  const auto start = Clock::now();
  const MachineCounters before = read_machine_counters();
  ThroughputTurn turn;
  for (TimedSlice& slice : time_slices(kMaxOfAStream, kept_s)) {
    turn.streams.push_back({std::move(slice.start_s), std::move(slice.duration_s)});
    turn.cpu_s += slice.cpu_s;
    turn.noise.waited_s += slice.waited_s;
    turn.noise.involuntary_switches += slice.involuntary_switches;
  }
  const double window_s = seconds_since(start);
  add(turn.noise, machine_noise(before, read_machine_counters(), window_s, turn.cpu_s));
  return turn;
}

// One queue for all processes, which have the same clock.
TrafficTurn EngineBench::serve(const TrafficTurnRequest& request) {
  Schedule schedule;
  schedule.arrival_s = request.arrival_s;
  schedule.end_s = kLongestBacklog * request.arrival_s.back() + kMinBacklog_s;
  if (sessions_.size() > 1) {
    schedule.tickets_file = work_.path() + "/tickets";
    std::ofstream(schedule.tickets_file, std::ios::binary) << std::string(8, '\0');
  }
  schedule.origin_s =
      now_s() + kSetOff_s + kSetOffARequest_s * static_cast<double>(schedule.arrival_s.size());
  for (auto& session : sessions_) session->start_serving(schedule);
  std::vector<ServedPart> parts;
  for (auto& session : sessions_) parts.push_back(session->end_serving());
  return join(parts, schedule, request.dropped);
}

WorkerOptions EngineBench::worker_options(int stream) const {
  WorkerOptions worker;
  worker.engine = choice_.engine;
  auto log = std::filesystem::path(result_.output_path).parent_path() / result_.log_path;
  if (stream > 0) log.replace_extension(fmt::format("{}.log", stream + 1));
  worker.log_path = log.string();
  worker.append_log = restarted_;
  worker.timeout_s = options_.timeout_s;
  if (!shares_.empty()) worker.cores = shares_[static_cast<size_t>(stream)];
  return worker;
}

void EngineBench::step(const std::string& doing, std::optional<double> remaining_s) {
  progress_.step(choice_.backend, doing, remaining_s);
}

void EngineBench::load() {
  step(fmt::format("loading (at most {:g} s)", options_.timeout_s + options_.tune_budget_s));
  for (auto& session : sessions_) load(*session);
}

// Of several processes the first one's times count.
void EngineBench::load(EngineSession& session) {
  const Hello hello = session.hello();
  result_.engine_version = hello.version;
  LoadConfig config = prepared_.load;
  config.provider = choice_.variant;
  config.threads = result_.threads;
  if (hello.tunes) config.tune_budget_s = options_.tune_budget_s;
  if (hello.imports) import(config);
  const Loaded loaded = session.load(config);
  const double once_s = loaded.compile_s.value_or(0) + loaded.tune_s.value_or(0);
  started_at_ += std::chrono::nanoseconds(std::llround(1e9 * once_s));
  if (result_.in_force) return;
  result_.load_s = loaded.load_s;
  result_.compile_s = loaded.compile_s;
  result_.tune_s = loaded.tune_s;
  result_.in_force = loaded.in_force;
  if (hello.imports) report_import(loaded);
}

void EngineBench::import(LoadConfig& config) const {
  const SimplifiedModel& simplified = prepared_.simplifier->get();
  if (!simplified.outcome.ok()) throw EngineEnded(simplified.outcome);
  config.simplified_path = simplified.path;
  config.bound_inputs_file = simplified.bound_inputs_file;
}

void EngineBench::report_import(const Loaded& loaded) {
  const SimplifiedModel& simplified = prepared_.simplifier->get();
  result_.convert_s = simplified.simplify_s + loaded.convert_s;
  if (!simplified.bound.empty()) {
    result_.in_force->settings["bound_inputs"] =
        fmt::format("{}", fmt::join(simplified.bound, ", "));
  }
  if (options_.save_converted) save_converted();
}

void EngineBench::save_converted() {
  step("saving the converted model");
  const std::string stem = std::filesystem::path(result_.output_path).stem().string();
  result_.converted_path = sessions_[0]->save_converted(
      (std::filesystem::path(*options_.save_converted) / stem).string());
}

void EngineBench::verify_before_timing() {
  for (size_t examination = 0; examination < prepared_.examinations.size(); ++examination) {
    for (auto& session : sessions_) {
      step("verifying");
      session->set_inputs(prepared_.examinations[examination].inputs_file);
      const double run_s = session->slice(1, 1, 0).duration_s.front();
      if (!result_.first_run_s) result_.first_run_s = run_s;
      expected_s_ = run_s * static_cast<double>(options_.number);
      examine(*session, examination, "Before the timing");
    }
  }
}

// Compares the last inference's outputs with the reference and keeps the worst verdict.
void EngineBench::examine(EngineSession& session, size_t examination, const std::string& when) {
  const std::string precision =
      options_.precision == "default" ? result_.in_force->precision : options_.precision;
  const Verification verification = verify(prepared_.examinations[examination].reference,
                                           session.outputs(), tolerance_class_of(precision));
  result_.verification =
      examined_ ? Verification(worse(result_.verification, verification)) : verification;
  examined_ = true;
  if (verification.verdict == Verdict::kWrong) {
    throw EngineEnded(
        {OutcomeKind::kWrongOutput, fmt::format("{}: {}", when, verification.reason)});
  }
}

// Experiments that were run and are not kept; those of a later start are no warm-up of the run.
void EngineBench::report_warmup(int64_t experiments) {
  (restarted_ ? result_.dropped : result_.warmup) += experiments;
}

void EngineBench::warm_up() {
  step("warming up");
  if (!options_.warmup) return warm_up_until_steady();
  for (int64_t left = *options_.warmup; left > 0;) {
    const auto durations =
        time_slice(std::min(left, kLargestSlice), lengths_.warmup_slice_s).duration_s;
    expected_s_ = median(durations);
    left -= durations.size();
  }
  report_warmup(*options_.warmup);
}

void EngineBench::warm_up_until_steady() {
  const auto start = Clock::now();
  std::vector<double> durations;
  const double least_s =
      restarted_ ? lengths_.least_warmup_of_later_starts_s : lengths_.least_warmup_s;
  const auto lasted_s = [&] { return seconds_since(start); };
  const auto enough = [&] {
    return static_cast<int64_t>(durations.size()) >= kMinWarmup && lasted_s() >= least_s &&
           is_steady(durations);
  };
  while (!enough() && (lasted_s() < lengths_.most_warmup_s ||
                       static_cast<int64_t>(durations.size()) < kMinWarmup)) {
    const TimedSlice slice = time_slice(kLargestSlice, lengths_.warmup_slice_s);
    durations.insert(durations.end(), slice.duration_s.begin(), slice.duration_s.end());
    expected_s_ = median(slice.duration_s);
  }
  result_.steady = result_.steady.value_or(true) && enough();
  report_warmup(static_cast<int64_t>(durations.size()));
}

// Of the first process, while all of them do the same.
TimedSlice EngineBench::time_slice(int64_t experiments, double max_s) {
  return time_slices(experiments, max_s).front();
}

std::vector<TimedSlice> EngineBench::time_slices(int64_t experiments, double max_s) {
  for (auto& session : sessions_) session->start_slice(experiments, options_.number, max_s);
  std::vector<TimedSlice> slices;
  for (auto& session : sessions_) slices.push_back(session->end_slice());
  return slices;
}

std::string why_not_on_device(const RunOptions& options, const Environment& environment) {
  if (options.device == "gpu") return "this version of DNN Bench measures on CPUs only";
  if (options.device == "arm" && environment.architecture != "aarch64") {
    return fmt::format("--device=arm needs an Arm machine, and this one is {}",
                       environment.architecture);
  }
  return "";
}

}  // namespace dnnbench
