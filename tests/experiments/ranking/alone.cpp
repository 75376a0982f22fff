// ranking-alone MODEL SECONDS [ENGINE ENGINE]: whether an engine that takes turns with another is
// measured as it is alone. Engines whose threads go on spinning after a call would slow the other
// one, if they were not stopped.
//
// Both are loaded. A cycle measures one of them for three turns that alternate with the other's,
// and for three turns that follow each other without a stop, while the other stands still; which
// comes first changes with each cycle. A machine whose speed wanders hits both alike. Prints for
// each engine the median over the cycles of (in turns) / (alone), with its interval
// (median_interval.h). On an idle machine it is 1 within 2 %; exits with 1 where the interval lies
// outside.

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/statistics.h"
#include "pair.h"
#include "rank/disturbance.h"
#include "rank/median_interval.h"
#include "run/work_folder.h"

using namespace dnnbench;

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTurns = 3;
constexpr double kLimit = 0.02;
constexpr double kAlpha = 0.05;

// Times of one way, and whether nothing disturbed them.
struct Times {
  std::vector<double> durations_s;
  bool clean = true;

  void add(const Turn& turn) {
    durations_s.insert(durations_s.end(), turn.duration_s.begin(), turn.duration_s.end());
    clean = clean && disturbance(turn.noise).empty();
  }
};

Times in_turns(EngineBench& engine, EngineBench& other) {
  Times times;
  for (int turn = 0; turn < kTurns; ++turn) {
    other.take_turn(0, std::nullopt);
    other.pause();
    times.add(engine.take_turn(0, std::nullopt));
    engine.pause();
  }
  return times;
}

Times alone(EngineBench& engine) {
  Times times;
  engine.take_turn(0, std::nullopt);
  for (int turn = 0; turn < kTurns; ++turn) times.add(engine.take_turn(0, std::nullopt));
  engine.pause();
  return times;
}

bool compare(EngineBench& engine, EngineBench& other, const std::string& name, double seconds) {
  std::vector<double> logs, alone_s;
  int cycles = 0;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  for (; Clock::now() < end; ++cycles) {
    std::array<Times, 2> times;
    for (const int way : {cycles % 2, 1 - cycles % 2}) {
      times[way] = way == 0 ? in_turns(engine, other) : alone(engine);
    }
    if (!times[0].clean || !times[1].clean) continue;
    alone_s.push_back(median(times[1].durations_s));
    logs.push_back(std::log(median(times[0].durations_s) / alone_s.back()));
  }
  if (logs.empty()) {
    fmt::print("{:<12} all of {} cycles were disturbed\n", name, cycles);
    return false;
  }
  const Interval interval = median_interval(logs, kAlpha);
  fmt::print(
      "{:<12} alone {:.3f} ms; in turns/alone {:.4f} [{:.4f}, {:.4f}]; {} cycles, {} clean\n", name,
      1e3 * median(alone_s), std::exp(median(logs)), std::exp(interval.low),
      std::exp(interval.high), cycles, logs.size());
  std::fflush(stdout);
  return interval.is_within(-kLimit, kLimit);
}

bool run(const std::string& model, double seconds, const std::array<std::string, 2>& engines) {
  const WorkFolder work;
  Silent progress;
  const RunOptions options;
  const PreparedModel prepared = prepare_model(options, read_model(model), 2, work, progress);
  Side a("a", {engines[0], engines[0], ""}, options, prepared, work, progress);
  Side b("b", {engines[1], engines[1], ""}, options, prepared, work, progress);
  const bool a_agrees = compare(*a.bench, *b.bench, engines[0], seconds / 2);
  const bool b_agrees = compare(*b.bench, *a.bench, engines[1], seconds / 2);
  return a_agrees && b_agrees;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "Usage: ranking-alone MODEL SECONDS [ENGINE ENGINE]\n");
    return 2;
  }
  try {
    const std::array<std::string, 2> engines = {argc > 4 ? argv[3] : "onnxruntime",
                                                argc > 4 ? argv[4] : "openvino"};
    return run(argv[1], std::atof(argv[2]), engines) ? 0 : 1;
  } catch (const EngineEnded& ended) {
    fmt::print(stderr, "{}\n", ended.what());
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
  return 2;
}
