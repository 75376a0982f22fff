// ranking-trials KIND MODEL SECONDS [LOAD]: how often the ranking of real processes is right. As
// many trials as SECONDS hold, each a ranking of two engines of known ratio from its first block to
// its verdict by the rules of run/rounds.h. LOAD is a number of processes that compute beside.
// Prints one line, and on stderr one a trial.
//
// Each trial of a real engine starts both processes anew: two processes of one program may differ
// in speed for as long as they live (where its memory lies, which threads share a core). The fake
// one, whose speed is its clock's, is loaded once.
//
// KIND is fake or an engine's name. The fake engine computes for 0.5 ms by the clock. The ratios:
//     1       the same engine twice, in two processes: what is called different is wrong. One
//             inference an experiment
//     1.05    20 inferences against 21; for the fake one 0.5 ms against 0.525
// A trial that ends without a verdict, within kMostBlocks, counts as undecided, or as suspect when
// most of its blocks were disturbed.

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/statistics.h"
#include "greatest_share.h"
#include "pair.h"
#include "rank/disturbance.h"
#include "rank/ranking.h"
#include "rank/turns.h"
#include "run/work_folder.h"

using namespace dnnbench;

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kConfidence = 0.99;
constexpr double kPrecision = 0.01;
constexpr size_t kMostBlocks = 60;

// Shorter turns than a run's, so that many trials fit in a few minutes.
TurnLengths turn_lengths(bool fake) {
  TurnLengths lengths;
  lengths.dropped_s = fake ? 0 : 0.02;
  lengths.kept_s = fake ? 0.002 : 0.1;
  return lengths;
}

struct Setting {
  std::string kind;
  std::string model;
  double seconds = 0;
  int load = 0;
};

// `truth` is the pair's ratio, `ratio` this one's time to the first's.
std::unique_ptr<Side> start(const Setting& setting, double truth, double ratio,
                            const std::string& name, const PreparedModel& prepared,
                            const WorkFolder& work, Progress& progress) {
  const bool fake = setting.kind == "fake";
  RunOptions options;
  options.number = fake || truth == 1 ? 1 : std::lround(20 * ratio);
  const std::string variant = fake ? fmt::format("ok,duration_s={}", 0.0005 * ratio) : "";
  return std::make_unique<Side>(name, EngineChoice{setting.kind, setting.kind, variant}, options,
                                prepared, work, progress, turn_lengths(fake));
}

struct Tally {
  int trials = 0, different = 0, tie = 0, undecided = 0, suspect = 0, wrong_sign = 0;
  int disturbed = 0, all_blocks = 0;
  std::vector<double> blocks, ratios, log_ratios;
};

void trial(Side& a, Side& b, double truth, Tally& tally) {
  BlockTable clean(2);
  size_t blocks = 0, disturbed = 0;
  const auto orders = balanced_orders(2);
  Need need = Need::kMore;
  Side* const sides[] = {&a, &b};
  while (need == Need::kMore && blocks < kMostBlocks) {
    double times[2];
    bool is_clean = true;
    for (const size_t side : orders[blocks % orders.size()]) {
      const Turn turn = sides[side]->bench->take_turn(blocks % 2, std::nullopt);
      sides[side]->bench->pause();
      times[side] = median(turn.duration_s);
      is_clean = is_clean && disturbance(turn.noise).empty();
    }
    ++blocks;
    disturbed += is_clean ? 0 : 1;
    if (!is_clean) continue;
    for (const size_t side : {0, 1}) clean[side].push_back(times[side]);
    tally.log_ratios.push_back(std::log(times[1] / times[0]));
    need = needs(clean, 1 - kConfidence, kPrecision)[0];
  }
  ++tally.trials;
  tally.blocks.push_back(static_cast<double>(blocks));
  tally.disturbed += static_cast<int>(disturbed);
  tally.all_blocks += static_cast<int>(blocks);
  if (2 * disturbed > blocks) {
    ++tally.suspect;
    return;
  }
  const Ratio ratio = ratio_of(clean, 1, 0, 1 - kConfidence);
  tally.ratios.push_back(ratio.value);
  fmt::print(stderr, "{:.4f} [{:.4f}, {:.4f}] {}/{} blocks disturbed\n", ratio.value,
             ratio.interval.low, ratio.interval.high, disturbed, blocks);
  if (ratio.relation == Relation::kTie) ++tally.tie;
  if (ratio.relation == Relation::kUndecided) ++tally.undecided;
  if (ratio.relation == Relation::kFaster || ratio.relation == Relation::kSlower) {
    ++tally.different;
    tally.wrong_sign += truth > 1 && ratio.relation == Relation::kFaster ? 1 : 0;
  }
}

// Correlation of each value with the one before it.
double correlation(const std::vector<double>& values) {
  const double centre = mean(values);
  double together = 0, alone = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    alone += (values[i] - centre) * (values[i] - centre);
    if (i > 0) together += (values[i] - centre) * (values[i - 1] - centre);
  }
  return together / alone;
}

void print(const Setting& setting, double truth, const Tally& tally) {
  const int wrong = truth > 1 ? tally.wrong_sign + tally.tie : tally.different;
  const int right = truth > 1 ? tally.different - tally.wrong_sign : tally.tie;
  fmt::print(
      "{:<12} ratio {:<4}  load {}  {} trials: right {}, wrong {} (at most {:.2f} %), undecided "
      "{}, "
      "suspect {}; blocks {:.0f}, disturbed {:.0f} %; ratio {:.4f}, spread {:.2f} %, correlation "
      "{:+.2f}\n",
      setting.kind, truth, setting.load, tally.trials, right, wrong,
      100 * greatest_share(wrong, tally.trials), tally.undecided, tally.suspect,
      median(tally.blocks), 100.0 * tally.disturbed / tally.all_blocks,
      tally.ratios.empty() ? NAN : median(tally.ratios),
      tally.log_ratios.empty() ? NAN : 100 * population_std(tally.log_ratios),
      tally.log_ratios.empty() ? NAN : correlation(tally.log_ratios));
  std::fflush(stdout);
}

std::vector<pid_t> start_load(int processes) {
  std::vector<pid_t> started;
  for (int i = 0; i < processes; ++i) {
    const pid_t pid = fork();
    if (pid == 0) {
      volatile unsigned count = 0;
      while (true) count = count + 1;
    }
    started.push_back(pid);
  }
  return started;
}

void run(const Setting& setting) {
  const WorkFolder work;
  Silent progress;
  RunOptions options;
  const PreparedModel prepared =
      prepare_model(options, read_model(setting.model), 2, work, progress);
  for (const double truth : {1.0, 1.05}) {
    const std::vector<pid_t> load = start_load(setting.load);
    Tally tally;
    std::unique_ptr<Side> a, b;
    const auto end = Clock::now() + std::chrono::duration<double>(setting.seconds / 2);
    while (Clock::now() < end) {
      if (!a || setting.kind != "fake") {
        a = start(setting, truth, 1, "a", prepared, work, progress);
        b = start(setting, truth, truth, "b", prepared, work, progress);
      }
      trial(*a, *b, truth, tally);
    }
    for (const pid_t pid : load) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
    print(setting, truth, tally);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "Usage: ranking-trials KIND MODEL SECONDS [LOAD]\n");
    return 2;
  }
  return exit_code_of(
      [&] { run({argv[1], argv[2], std::atof(argv[3]), argc > 4 ? std::atoi(argv[4]) : 0}); });
}
