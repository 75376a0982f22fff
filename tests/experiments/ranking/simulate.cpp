// ranking-simulate [TRIALS [intervals|runs]]: seeded, no clock; the figures of docs/measuring.md.
//
// "intervals": which interval around the median of block ratios holds when it is looked at after
// every block. A trial draws block ratios until the pair is decided, or kMaxBlocks have been drawn.
// Every interval is asked for 0.99.
//
// "runs": the rule of a run, of two engines, with restarts (rank/simulated_runs.h).

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "core/statistics.h"
#include "max_share.h"
#include "rank/median_interval.h"
#include "rank/ranking.h"
#include "rank/simulated_runs.h"
#include "rank/unimodal_interval.h"

using namespace dnnbench;

namespace {

constexpr double kAlpha = 0.01;
constexpr size_t kMinBlocks = 4;
constexpr size_t kMaxBlocks = 60;
constexpr int kResamples = 999;

using Random = std::mt19937_64;

// How the logarithms of the block ratios scatter around the true one.
struct Scatter {
  std::string name;
  std::function<std::vector<double>(Random&)> draw;  // kMaxBlocks of them, median 0
};

std::vector<double> independent(Random& random, const std::function<double(Random&)>& one) {
  std::vector<double> values(kMaxBlocks);
  for (double& value : values) value = one(random);
  return values;
}

double normal(Random& random, double sigma) {
  return std::normal_distribution<double>(0, sigma)(random);
}

// Each block is like the one before: what slow changes of the machine leave in the ratios.
std::vector<double> dependent(Random& random, double sigma, double correlation) {
  std::vector<double> values(kMaxBlocks);
  double value = normal(random, sigma);
  for (double& now : values) {
    now = value;
    value = correlation * value + normal(random, sigma * std::sqrt(1 - correlation * correlation));
  }
  return values;
}

std::vector<Scatter> scatters() {
  return {
      {"normal, 0.5 %",
       [](Random& r) { return independent(r, [](Random& r) { return normal(r, 0.005); }); }},
      {"normal, 2 %",
       [](Random& r) { return independent(r, [](Random& r) { return normal(r, 0.02); }); }},
      {"heavy tails (Student, 2 degrees), 1 %",
       [](Random& r) {
         return independent(
             r, [](Random& r) { return 0.01 * std::student_t_distribution<double>(2)(r); });
       }},
      {"one block in ten 30 % slower, 1 %",
       [](Random& r) {
         return independent(r, [](Random& r) {
           const double side = std::uniform_real_distribution<double>(0, 1)(r);
           // As often in one engine's turn as in the other's: the median stays where it is.
           return normal(r, 0.01) + (side < 0.05 ? 0.26 : side < 0.10 ? -0.26 : 0.0);
         });
       }},
      {"correlated 0.3, 1 %", [](Random& r) { return dependent(r, 0.01, 0.3); }},
      {"correlated 0.6, 1 %", [](Random& r) { return dependent(r, 0.01, 0.6); }},
  };
}

// Methods: log ratios so far -> interval. `look` counts from 1.
struct Method {
  std::string name;
  std::function<Interval(const std::vector<double>&, size_t look, Random&)> interval;
};

Interval bootstrap(const std::vector<double>& logs, double alpha, Random& random) {
  std::vector<double> medians(kResamples), sample(logs.size());
  std::uniform_int_distribution<size_t> pick(0, logs.size() - 1);
  for (double& one : medians) {
    for (double& value : sample) value = logs[pick(random)];
    one = median(sample);
  }
  std::sort(medians.begin(), medians.end());
  const auto cut = static_cast<size_t>(alpha / 2 * (kResamples + 1));
  if (cut == 0) return {medians.front(), medians.back()};
  return {medians[cut - 1], medians[kResamples - cut]};
}

std::vector<Method> methods() {
  return {
      {"bootstrap", [](const std::vector<double>& logs, size_t,
                       Random& random) { return bootstrap(logs, kAlpha, random); }},
      // The error is spent over the looks as 1/2, 1/6, 1/12, ...: sum 1.
      {"bootstrap, spending",
       [](const std::vector<double>& logs, size_t look, Random& random) {
         const auto n = static_cast<double>(look);
         return bootstrap(logs, kAlpha / (n * (n + 1)), random);
       }},
      {"betting on signs", [](const std::vector<double>& logs, size_t,
                              Random&) { return median_interval(logs, kAlpha); }},
      {"betting on windows", [](const std::vector<double>& logs, size_t,
                                Random&) { return unimodal_interval(logs, kAlpha); }},
  };
}

struct Tally {
  int wrong = 0;      // a claim that is not true
  int right = 0;      // one that is
  int uncovered = 0;  // the true ratio outside the interval at the end
  std::vector<double> blocks;
};

bool is_true(Relation relation, double truth) {
  const double tie = std::log(1 + kTie);
  if (relation == Relation::kTie) return std::fabs(truth) <= tie;
  return relation == Relation::kSlower ? truth > tie : truth < -tie;
}

void trial(const Scatter& scatter, const Method& method, double truth, Random& random,
           Tally& tally) {
  const std::vector<double> noise = scatter.draw(random);
  std::vector<double> logs;
  Interval interval;
  Relation relation = Relation::kUndecided;
  for (size_t block = 0; block < kMaxBlocks && relation == Relation::kUndecided; ++block) {
    logs.push_back(truth + noise[block]);
    if (logs.size() < kMinBlocks) continue;
    interval = method.interval(logs, logs.size() - kMinBlocks + 1, random);
    relation = relation_of({std::exp(interval.low), std::exp(interval.high)});
  }
  tally.uncovered += interval.holds(truth) ? 0 : 1;
  tally.blocks.push_back(static_cast<double>(logs.size()));
  if (relation == Relation::kUndecided) return;
  (is_true(relation, truth) ? tally.right : tally.wrong) += 1;
}

void compare_methods(int trials) {
  fmt::print("{:<38}  {:>5}  {:<20}  {:>6}  {:>7}  {:>6}  {:>9}  {:>6}\n", "block ratios", "truth",
             "interval", "wrong", "at most", "right", "uncovered", "blocks");
  for (const Scatter& scatter : scatters()) {
    for (const double truth : {1.0, 1.05, 2.0}) {
      for (const Method& method : methods()) {
        Random random(1);
        Tally tally;
        for (int i = 0; i < trials; ++i) trial(scatter, method, std::log(truth), random, tally);
        const double share = 100.0 / trials;
        fmt::print(
            "{:<38}  {:>5.2f}  {:<20}  {:>5.2f}%  {:>6.2f}%  {:>5.1f}%  {:>8.2f}%  {:>6.0f}\n",
            scatter.name, truth, method.name, tally.wrong * share,
            100 * max_share(tally.wrong, trials), tally.right * share, tally.uncovered * share,
            median(tally.blocks));
        std::fflush(stdout);
      }
    }
  }
}

void simulate_runs(int trials) {
  fmt::print("{:<38}  {:>5}  {:>6}  {:>7}  {:>6}  {:>6}  {:>6}  {:>6}  {:>7}  {:>6}  {:>6}\n",
             "block ratios, with new processes", "truth", "wrong", "at most", "right", "near",
             "open", "missed", "at most", "blocks", "starts");
  for (const SimulatedNoise& noise : simulated_noises()) {
    for (const double truth : {1.0, 1.03, 1.05, 1.25, 2.0}) {
      const SimulatedRuns runs = simulate(noise, truth, Goal{1 - kAlpha}, trials, kMaxBlocks);
      const double share = 100.0 / trials;
      fmt::print(
          "{:<38}  {:>5.2f}  {:>5.2f}%  {:>6.2f}%  {:>5.1f}%  {:>5.1f}%  {:>5.1f}%  {:>5.2f}%  "
          "{:>6.2f}%  {:>6.0f}  {:>6.0f}\n",
          noise.name, truth, runs.wrong * share, 100 * max_share(runs.wrong, trials),
          runs.right * share, runs.near * share, runs.open * share, runs.missed * share,
          100 * max_share(runs.missed, trials), median(runs.blocks), median(runs.starts));
      std::fflush(stdout);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int trials = argc > 1 ? std::atoi(argv[1]) : 2000;
  const std::string part = argc > 2 ? argv[2] : "";
  fmt::print("{} trials each; at most {} blocks; confidence {}\n", trials, kMaxBlocks, 1 - kAlpha);
  if (part != "runs") compare_methods(trials);
  if (part != "intervals") simulate_runs(trials);
  return 0;
}
