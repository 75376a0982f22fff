#include "run/bench_engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "core/statistics.h"
#include "rank/steady.h"
#include "run/machine_counters.h"
#include "verify/verify.h"

namespace dnnbench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kLeastWarmup = 3;        // experiments
constexpr int64_t kLargestSlice = 10'000;  // experiments
constexpr int64_t kMostKept = 2'000;       // in a turn; more would only make a larger file
constexpr int64_t kLeastKept = 2;
constexpr int64_t kMostDropped = 200;  // at the start of a turn

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
      session_(worker_options(), work.path()) {}

EngineBench::~EngineBench() {
  if (session_.peak_rss_bytes() > 0) result_.peak_rss_bytes = session_.peak_rss_bytes();
}

void EngineBench::prepare() {
  load();
  verify_before_timing();
  warm_up();
}

Turn EngineBench::take_turn(size_t examination, std::optional<int64_t> experiments) {
  session_.set_inputs(prepared_.examinations[examination].inputs_file);
  result_.dropped += time_slice(kMostDropped, lengths_.dropped_s).duration_s.size();
  const auto start = Clock::now();
  const MachineCounters before = read_machine_counters();
  Turn turn;
  const int64_t most = experiments.value_or(kMostKept);
  const int64_t least = std::min(most, kLeastKept);
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

WorkerOptions EngineBench::worker_options() const {
  WorkerOptions worker;
  worker.engine = choice_.engine;
  worker.log_path =
      (std::filesystem::path(result_.output_path).parent_path() / result_.log_path).string();
  worker.timeout_s = options_.timeout_s;
  return worker;
}

void EngineBench::step(const std::string& doing, std::optional<double> remaining_s) {
  progress_.step(choice_.backend, doing, remaining_s);
}

void EngineBench::load() {
  step(fmt::format("loading (at most {:g} s)", options_.timeout_s));
  const Hello hello = session_.hello();
  result_.engine_version = hello.version;
  LoadConfig config = prepared_.load;
  config.variant = choice_.variant;
  if (hello.imports) {
    import(config);
    return;
  }
  take(session_.load(config));
}

void EngineBench::take(const Loaded& loaded) {
  result_.load_s = loaded.load_s;
  result_.compile_s = loaded.compile_s;
  result_.in_force = loaded.in_force;
}

void EngineBench::import(LoadConfig& config) {
  const SimplifiedModel& simplified = prepared_.simplifier->get();
  if (!simplified.outcome.ok()) throw EngineEnded(simplified.outcome);
  config.simplified_path = simplified.path;
  config.bound_inputs_file = simplified.bound_inputs_file;
  const Loaded loaded = session_.load(config);
  take(loaded);
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
  result_.converted_path =
      session_.save_converted((std::filesystem::path(*options_.save_converted) / stem).string());
}

void EngineBench::verify_before_timing() {
  for (size_t examination = 0; examination < prepared_.examinations.size(); ++examination) {
    step("verifying");
    session_.set_inputs(prepared_.examinations[examination].inputs_file);
    const double run_s = session_.slice(1, 1, 0).duration_s.front();
    if (!result_.first_run_s) result_.first_run_s = run_s;
    expected_s_ = run_s * static_cast<double>(options_.number);
    examine(examination, "Before the timing");
  }
}

// Compares the last inference's outputs with the reference and keeps the worst verdict.
void EngineBench::examine(size_t examination, const std::string& when) {
  const std::string precision =
      options_.precision == "default" ? result_.in_force->precision : options_.precision;
  const Verification verification = verify(prepared_.examinations[examination].reference,
                                           session_.outputs(), tolerance_class_of(precision));
  result_.verification =
      examined_ ? Verification(worse(result_.verification, verification)) : verification;
  examined_ = true;
  if (verification.verdict == Verdict::kWrong) {
    throw EngineEnded(
        {OutcomeKind::kWrongOutput, fmt::format("{}: {}", when, verification.reason)});
  }
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
  result_.warmup = *options_.warmup;
}

void EngineBench::warm_up_until_steady() {
  const auto start = Clock::now();
  std::vector<double> durations;
  const auto lasted_s = [&] { return seconds_since(start); };
  const auto enough = [&] {
    return static_cast<int64_t>(durations.size()) >= kLeastWarmup &&
           lasted_s() >= lengths_.least_warmup_s && is_steady(durations);
  };
  while (!enough() && (lasted_s() < lengths_.most_warmup_s ||
                       static_cast<int64_t>(durations.size()) < kLeastWarmup)) {
    const TimedSlice slice = time_slice(kLargestSlice, lengths_.warmup_slice_s);
    durations.insert(durations.end(), slice.duration_s.begin(), slice.duration_s.end());
    expected_s_ = median(slice.duration_s);
  }
  result_.steady = enough();
  result_.warmup = static_cast<int64_t>(durations.size());
}

TimedSlice EngineBench::time_slice(int64_t experiments, double max_s) {
  return session_.slice(experiments, options_.number, max_s);
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
