#include "run/bench_engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "run/engine_session.h"
#include "verify/verify.h"

namespace dnnbench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSlice_s = 0.5;           // of calls back to back before the parent looks up
constexpr double kWarmup_s = 0.5;          // without --warmup: so long,
constexpr int64_t kLeastWarmup = 3;        // and at least so many experiments
constexpr int64_t kLargestSlice = 10'000;  // experiments
constexpr int64_t kMostSamples = 100'000;  // without --repeat; more would only make a larger file
constexpr int kParts = 4;                  // of the timed run; the inputs alternate between them

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

// One engine's way through the steps; throws EngineEnded where it does not get through.
class EngineBench {
 public:
  EngineBench(const RunOptions& options, const PreparedModel& prepared, const EngineChoice& choice,
              const WorkFolder& work, Progress& progress, Result& result)
      : options_(options),
        prepared_(prepared),
        choice_(choice),
        progress_(progress),
        result_(result),
        session_(worker_options(), work.path()) {}

  // Also after a failure, for what the process has reported until then.
  ~EngineBench() {
    if (session_.peak_rss_bytes() > 0) result_.peak_rss_bytes = session_.peak_rss_bytes();
  }

  void go() {
    load();
    verify_before_timing();
    warm_up();
    measure();
  }

 private:
  WorkerOptions worker_options() const {
    WorkerOptions worker;
    worker.engine = choice_.engine;
    worker.log_path =
        (std::filesystem::path(result_.output_path).parent_path() / result_.log_path).string();
    worker.timeout_s = options_.timeout_s;
    return worker;
  }

  void step(const std::string& doing, std::optional<double> remaining_s = std::nullopt) {
    progress_.step(choice_.backend, doing, remaining_s);
  }

  void load() {
    step(fmt::format("loading (at most {:g} s)", options_.timeout_s));
    const Hello hello = session_.hello();
    result_.engine_version = hello.version;
    LoadConfig config = prepared_.load;
    config.variant = choice_.variant;
    if (hello.imports) {
      import(config);
      return;
    }
    const Loaded loaded = session_.load(config);
    result_.load_s = loaded.load_s;
    result_.in_force = loaded.in_force;
  }

  // An engine that does not read ONNX gets the model's simplified form.
  void import(LoadConfig& config) {
    const SimplifiedModel& simplified = prepared_.simplifier->get();
    if (!simplified.outcome.ok()) throw EngineEnded(simplified.outcome);
    config.simplified_path = simplified.path;
    config.bound_inputs_file = simplified.bound_inputs_file;
    const Loaded loaded = session_.load(config);
    result_.load_s = loaded.load_s;
    result_.convert_s = simplified.simplify_s + loaded.convert_s;
    result_.in_force = loaded.in_force;
    if (!simplified.bound.empty()) {
      result_.in_force->settings["bound_inputs"] =
          fmt::format("{}", fmt::join(simplified.bound, ", "));
    }
    if (options_.save_converted) save_converted();
  }

  void save_converted() {
    step("saving the converted model");
    const std::string stem = std::filesystem::path(result_.output_path).stem().string();
    result_.converted_path =
        session_.save_converted((std::filesystem::path(*options_.save_converted) / stem).string());
  }

  void verify_before_timing() {
    for (const Examination& examination : prepared_.examinations) {
      step("verifying");
      session_.set_inputs(examination.inputs_file);
      const double run_s = session_.slice(1, 1, 0).duration_s.front();
      if (!result_.first_run_s) result_.first_run_s = run_s;
      examine(examination, "Before the timing");
    }
  }

  // Compares the last inference's outputs with the reference and keeps the worst verdict.
  void examine(const Examination& examination, const std::string& when) {
    const std::string precision =
        options_.precision == "default" ? result_.in_force->precision : options_.precision;
    const Verification verification =
        verify(examination.reference, session_.outputs(), tolerance_class_of(precision));
    result_.verification =
        examined_ ? Verification(worse(result_.verification, verification)) : verification;
    examined_ = true;
    if (verification.verdict == Verdict::kWrong) {
      throw EngineEnded(
          {OutcomeKind::kWrongOutput, fmt::format("{}: {}", when, verification.reason)});
    }
  }

  void warm_up() {
    const auto start = Clock::now();
    step("warming up", options_.warmup ? std::nullopt : std::optional(kWarmup_s));
    if (options_.warmup) {
      for (int64_t left = *options_.warmup; left > 0;) {
        left -= time_slice(std::min(left, kLargestSlice), kSlice_s).duration_s.size();
      }
      result_.warmup = *options_.warmup;
      return;
    }
    while (result_.warmup < kLeastWarmup || seconds_since(start) < kWarmup_s) {
      result_.warmup += time_slice(kLargestSlice, kWarmup_s / kLeastWarmup).duration_s.size();
    }
  }

  void measure() {
    const int parts = static_cast<int>(std::min<int64_t>(kParts, experiments_wanted()));
    for (int part = 0; part < parts; ++part) {
      const Examination& examination = prepared_.examinations[part % prepared_.examinations.size()];
      session_.set_inputs(examination.inputs_file);
      session_.run();  // the first call on other inputs finds cold caches
      measure_part(experiments_wanted() * (part + 1) / parts,
                   options_.budget_s * (part + 1) / parts);
      examine(examination, "During the timing");
    }
    result_.run_queue_wait_share = waited_s_ / measured_s_;
  }

  // Until there are `experiments` in all, or so much time has been measured in all.
  void measure_part(int64_t experiments, double until_s) {
    const auto measured = [this] { return static_cast<int64_t>(result_.data.size()); };
    while (measured() < experiments && (options_.repeat || measured_s_ < until_s)) {
      const double left_s = options_.repeat ? kSlice_s : until_s - measured_s_;
      const TimedSlice slice =
          time_slice(std::min(experiments - measured(), kLargestSlice), std::min(kSlice_s, left_s));
      for (const double duration_s : slice.duration_s) measured_s_ += duration_s;
      waited_s_ += slice.waited_s;
      result_.data.insert(result_.data.end(), slice.duration_s.begin(), slice.duration_s.end());
      step("measuring", remaining_s());
    }
  }

  TimedSlice time_slice(int64_t experiments, double max_s) {
    return session_.slice(experiments, options_.number, max_s);
  }

  int64_t experiments_wanted() const { return options_.repeat.value_or(kMostSamples); }

  double remaining_s() const {
    if (!options_.repeat) return std::max(0.0, options_.budget_s - measured_s_);
    const auto done = static_cast<double>(result_.data.size());
    return measured_s_ / done * (static_cast<double>(*options_.repeat) - done);
  }

  const RunOptions& options_;
  const PreparedModel& prepared_;
  const EngineChoice& choice_;
  Progress& progress_;
  Result& result_;
  EngineSession session_;
  bool examined_ = false;
  double measured_s_ = 0;
  double waited_s_ = 0;
};

// A device that no engine of this version can use; empty when there is none such.
std::string why_not_on_device(const RunOptions& options, const Environment& environment) {
  if (options.device == "gpu") return "this version of DNN Bench measures on CPUs only";
  if (options.device == "arm" && environment.architecture != "aarch64") {
    return fmt::format("--device=arm needs an Arm machine, and this one is {}",
                       environment.architecture);
  }
  return "";
}

}  // namespace

void bench_engine(const RunOptions& options, const PreparedModel& prepared,
                  const EngineChoice& choice, const WorkFolder& work, Progress& progress,
                  Result& result) {
  try {
    const std::string why_not = why_not_on_device(options, result.environment);
    if (!why_not.empty()) throw EngineEnded({OutcomeKind::kUnsupported, why_not});
    EngineBench(options, prepared, choice, work, progress, result).go();
  } catch (const EngineEnded& ended) {
    result.outcome = ended.outcome;
    if (!ended.outcome.ok() && result.verification.reason.empty() &&
        result.verification.verdict == Verdict::kUnverified) {
      result.verification.reason = "the engine did not get so far";
    }
  }
}

}  // namespace dnnbench
