// ranking-trials KIND MODEL SECONDS [PROCESSES [SHARE]]: how often the ranking of real processes is
// right. As many trials as SECONDS hold, each a run of two engines of known ratio by the rules of
// measure/rounds.h, from new processes to the verdict. PROCESSES compute beside it, without a pause
// or, with a SHARE below 1, for so much of the time, in bursts of random length: 1 s on average,
// beside the fake engine's short turns 0.05 s. Prints a line for each ratio, and on stderr one for
// each trial.
//
// KIND is fake or an engine's name. The fake engine computes for 0.5 ms by the clock. The ratios:
//     1       the same engine twice: what is called different is wrong. One inference a measurement
//     1.03    33 inferences against 34; for the fake one 0.5 ms against as much more
//     1.05    20 against 21
//     2       1 against 2
// Ratios whose measurements would take more than 0.1 s are left out.
// A trial that ends within 3 % without a relation is "near", which is right for 1 and wrong for
// 1.05 and 2. One that ends at its budget counts as undecided, or as suspect when most of its
// blocks were disturbed. "missed" are those whose interval does not hold the true ratio.

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/statistics.h"
#include "max_share.h"
#include "measure/rank_results.h"
#include "measure/rounds.h"
#include "pair.h"
#include "process/work_folder.h"
#include "rank/ranking.h"

using namespace dnnbench;

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kConfidence = 0.99;

// Shorter turns and warm-ups than a run's, so that many trials fit in a few minutes.
TurnLengths turn_lengths(bool fake) {
  TurnLengths lengths;
  lengths.dropped_s = fake ? 0 : 0.02;
  lengths.kept_s = fake ? 0.002 : 0.1;
  lengths.min_warmup_s = lengths.min_warmup_after_restart_s = fake ? 0 : 0.1;
  lengths.max_warmup_s = 1;
  if (fake) lengths.warmup_slice_s = 0.004;
  return lengths;
}

struct Setting {
  std::string kind;
  std::string model;
  double seconds = 0;
  int load = 0;           // processes
  double load_share = 1;  // of the time

  bool fake() const { return kind == "fake"; }
};

// Inferences in a measurement of the first engine and of the second, whose time is measured as that
// of one.
struct Pair {
  int64_t first = 1, second = 1;

  double ratio() const { return static_cast<double>(second) / static_cast<double>(first); }
};

constexpr std::array<Pair, 4> kPairs{Pair{1, 1}, Pair{33, 34}, Pair{20, 21}, Pair{1, 2}};

// An engine whose measurements take `number` inferences; the fake one's take `ratio` as long.
std::unique_ptr<Side> start(const Setting& setting, int64_t number, double ratio,
                            const std::string& name, const PreparedModel& prepared,
                            const WorkFolder& work, Progress& progress) {
  const bool fake = setting.fake();
  RunOptions options;
  options.mode = LatencyOptions{std::nullopt, fake ? 1 : number};
  const std::string part = fake ? fmt::format("ok,duration_s={}", 0.0005 * ratio) : "";
  return std::make_unique<Side>(name, candidate_of(setting.kind, part), options, prepared, work,
                                progress, turn_lengths(fake));
}

struct Tally {
  int trials = 0, different = 0, tie = 0, near = 0, undecided = 0, suspect = 0, wrong_sign = 0;
  int missed = 0;
  int64_t disturbed = 0, all_blocks = 0;
  std::vector<double> blocks, starts, ratios;
};

// Of measuring, per engine; of restarting it as much. Under a load without a pause every block is
// disturbed, and a trial lasts for all of it.
double budget_s(const Setting& setting) {
  if (setting.fake()) return 1;
  if (setting.load == 0) return RunOptions().budget_s;
  return setting.load_share < 1 ? 5 : 1;
}

// The engines' results, b's at the ratio that its measurements have: each is one inference here.
Ratio measure(const Setting& setting, std::unique_ptr<Side> a, std::unique_ptr<Side> b,
              Result (&results)[2], Progress& progress) {
  RunOptions options;
  options.budget_s = budget_s(setting);
  options.confidence = kConfidence;
  const Surroundings surroundings;
  const ParticipantEnded ended = [&](Participant& participant) {
    results[participant.index] =
        make_result({}, participant.outcome, participant.facts, participant.measured);
  };
  Rounds rounds(options, surroundings, progress, ended);
  std::vector<Participant> participants(2);
  participants[0].engine = std::move(a->engine);
  participants[1].engine = std::move(b->engine);
  participants[1].index = 1;
  rounds.measure(participants, 2, false);
  return ratio_of(block_table({&results[0], &results[1]}), 1, 0, 1 - kConfidence);
}

// Seconds of the first engine's measurement.
double trial(const Setting& setting, std::unique_ptr<Side> a, std::unique_ptr<Side> b, double truth,
             Tally& tally, Progress& progress) {
  Result results[2];
  const Ratio ratio = measure(setting, std::move(a), std::move(b), results, progress);
  for (const Result& result : results) {
    if (!result.outcome.ok()) throw EngineEnded(result.outcome);
  }
  ++tally.trials;
  tally.blocks.push_back(static_cast<double>(results[0].measured.blocks));
  tally.starts.push_back(static_cast<double>(results[0].measured.starts.size()));
  tally.disturbed += results[0].measured.blocks_disturbed;
  tally.all_blocks += results[0].measured.blocks;
  fmt::print(stderr, "{:.2f}: {:.4f} [{:.4f}, {:.4f}] {}/{} blocks disturbed, {} starts\n", truth,
             ratio.value, ratio.interval.low, ratio.interval.high,
             results[0].measured.blocks_disturbed, results[0].measured.blocks,
             results[0].measured.starts.size());
  const double measurement_s = median_latency_s(results[0]);
  if (is_suspect(results[0])) {
    ++tally.suspect;
    return measurement_s;
  }
  tally.ratios.push_back(ratio.value);
  tally.missed += ratio.interval.holds(truth) ? 0 : 1;
  if (ratio.relation == Relation::kTie) ++tally.tie;
  if (ratio.relation == Relation::kUndecided) {
    ++(is_precise(ratio.interval, RunOptions().precision_target) ? tally.near : tally.undecided);
  }
  if (ratio.relation == Relation::kFaster || ratio.relation == Relation::kSlower) {
    ++tally.different;
    tally.wrong_sign += truth > 1 && ratio.relation == Relation::kFaster ? 1 : 0;
  }
  return measurement_s;
}

void print(const Setting& setting, double truth, const Tally& tally) {
  if (tally.trials == 0) return;
  const bool may_be_near = truth < 1.04;
  const int wrong =
      truth > 1 ? tally.wrong_sign + tally.tie + (may_be_near ? 0 : tally.near) : tally.different;
  const int right = truth > 1 ? tally.different - tally.wrong_sign : tally.tie;
  const auto [min, max] = std::minmax_element(tally.ratios.begin(), tally.ratios.end());
  fmt::print(
      "{:<12} ratio {:<4.3g}  load {} x {:g}  {} trials: right {}, near {}, wrong {} (at most "
      "{:.2f} %), undecided {}, suspect {}; missed {} (at most {:.2f} %); blocks {:.0f}, starts "
      "{:.0f}, disturbed {:.0f} %; ratios {:.4f} [{:.4f}, {:.4f}]\n",
      setting.kind, truth, setting.load, setting.load_share, tally.trials, right, tally.near, wrong,
      100 * max_share(wrong, tally.trials), tally.undecided, tally.suspect, tally.missed,
      100 * max_share(tally.missed, tally.trials), median(tally.blocks), median(tally.starts),
      100.0 * static_cast<double>(tally.disturbed) / static_cast<double>(tally.all_blocks),
      tally.ratios.empty() ? NAN : median(tally.ratios), tally.ratios.empty() ? NAN : *min,
      tally.ratios.empty() ? NAN : *max);
  std::fflush(stdout);
}

// Computes for a share of the time, for ever.
[[noreturn]] void compute(double share, double mean_burst_s, int seed) {
  std::mt19937 random(static_cast<unsigned>(seed));
  std::exponential_distribution<double> burst_s(1 / mean_burst_s);
  std::exponential_distribution<double> pause_s(share / (1 - share) / mean_burst_s);
  while (true) {
    const auto end = Clock::now() + std::chrono::duration<double>(burst_s(random));
    while (Clock::now() < end || share == 1) {
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(pause_s(random)));
  }
}

std::vector<pid_t> start_load(const Setting& setting) {
  std::vector<pid_t> started;
  for (int i = 0; i < setting.load; ++i) {
    const pid_t pid = fork();
    if (pid == 0) compute(setting.load_share, setting.fake() ? 0.05 : 1, i);
    started.push_back(pid);
  }
  return started;
}

void run(const Setting& setting) {
  const WorkFolder work;
  NoProgress progress;
  RunOptions options;
  const PreparedModel prepared =
      prepare_model(options, read_model(setting.model), std::nullopt, 2, work, progress);
  std::array<Tally, kPairs.size()> tallies;
  const std::vector<pid_t> load = start_load(setting);
  const auto end = Clock::now() + std::chrono::duration<double>(setting.seconds);
  double inference_s = 0;
  for (size_t i = 0; Clock::now() < end; i = (i + 1) % kPairs.size()) {
    const Pair& pair = kPairs[i];
    if (!setting.fake() && static_cast<double>(pair.first) * inference_s > 0.1) continue;
    const double measurement_s =
        trial(setting, start(setting, pair.first, 1, "a", prepared, work, progress),
              start(setting, pair.second, pair.ratio(), "b", prepared, work, progress),
              pair.ratio(), tallies[i], progress);
    if (pair.first == 1) inference_s = measurement_s;
  }
  for (const pid_t pid : load) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  for (size_t i = 0; i < kPairs.size(); ++i) print(setting, kPairs[i].ratio(), tallies[i]);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "Usage: ranking-trials KIND MODEL SECONDS [PROCESSES [SHARE]]\n");
    return 2;
  }
  const int load = argc > 4 ? std::atoi(argv[4]) : 0;
  const double share = argc > 5 ? std::atof(argv[5]) : 1;
  return exit_code_of([&] { run({argv[1], argv[2], std::atof(argv[3]), load, share}); });
}
