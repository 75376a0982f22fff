// For tests and experiments: runs of two engines by the rules of ranking.h, on a machine and with
// processes that are drawn. Seeded, no clock.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "rank/ranking.h"

namespace dnnbench {

// By how much a process's time differs from its engine's.
enum class Starts {
  kAlike,
  kDiffer,     // as those of ranking-starts do (docs/measurements)
  kTwoSpeeds,  // three of ten take 1.5 times as long; so an engine's speed is only that of most
};

// How the logarithm of the ratio of two processes scatters from block to block.
struct SimulatedNoise {
  std::string name;
  std::function<double(std::mt19937_64&)> draw;
  double correlation = 0;  // of a block with the one before; then draws are normal

  Starts starts = Starts::kAlike;
  bool is_short = false;  // Process's
  // So often is an engine started at most, if it loads slowly, and then every four blocks.
  size_t max_starts = 1000;
};

// What trials came to: "near" is known within the goal's precision without a relation.
struct SimulatedRuns {
  int wrong = 0, wrong_sign = 0, right = 0, near = 0, open = 0;
  int missed = 0;  // the true ratio outside the interval at the end
  std::vector<double> blocks, starts;
};

inline double draw_normal(std::mt19937_64& random, double sigma) {
  return std::normal_distribution<double>(0, sigma)(random);
}

inline std::vector<SimulatedNoise> simulated_noises() {
  using Random = std::mt19937_64;
  const auto normal = [](double sigma) {
    return [sigma](Random& random) { return draw_normal(random, sigma); };
  };
  const auto heavy = [](Random& random) {
    return 0.01 * std::student_t_distribution<double>(2)(random);
  };
  // As often in one engine's turn as in the other's.
  const auto outliers = [](Random& random) {
    const double side = std::uniform_real_distribution<double>(0, 1)(random);
    return draw_normal(random, 0.01) + (side < 0.05 ? 0.26 : side < 0.10 ? -0.26 : 0.0);
  };
  return {{"normal, 0.5 %", normal(0.005)},
          {"normal, 2 %", normal(0.02)},
          {"heavy tails (Student, 2 degrees), 1 %", heavy},
          {"one block in ten 30 % slower, 1 %", outliers},
          {"correlated 0.3, 1 %", normal(0.01), 0.3},
          {"correlated 0.6, 1 %", normal(0.01), 0.6},
          {"starts differ, normal, 0.3 %", normal(0.003), 0, Starts::kDiffer},
          {"starts differ, normal, 1 %", normal(0.01), 0, Starts::kDiffer},
          {"starts differ, heavy tails, 1 %", heavy, 0, Starts::kDiffer},
          {"starts differ, outliers, 1 %", outliers, 0, Starts::kDiffer},
          {"the same, short inferences, 0.3 %", normal(0.003), 0, Starts::kDiffer, true},
          {"the same, six starts, 0.3 %", normal(0.003), 0, Starts::kDiffer, false, 6},
          {"the same, three starts, 1 %", normal(0.01), 0, Starts::kDiffer, false, 3},
          {"the same, two starts, 1 %", normal(0.01), 0, Starts::kDiffer, false, 2},
          {"two speeds, short inferences, 1 %", normal(0.01), 0, Starts::kTwoSpeeds, true}};
}

class SimulatedRun {
 public:
  SimulatedRun(const SimulatedNoise& noise, double truth, std::mt19937_64& random)
      : noise_(noise), truth_(truth), random_(random) {
    table_.latency_s.resize(2);
    table_.process.resize(2);
    for (size_t engine : {0, 1}) start(engine);
  }

  // Until nothing is left to do, or for max_blocks. The ratio of the second engine to the first.
  Ratio measure(const Goal& goal, int max_blocks) {
    const double alpha = alpha_of_pair(2, goal.confidence);
    std::vector<RemainingWork> work(2, {Certainty::kOpen, true});
    for (; blocks_ < max_blocks && work[0].certainty == Certainty::kOpen; ++blocks_) {
      for (size_t engine : {0, 1}) {
        const int64_t blocks = blocks_of_start_[engine];
        const bool may =
            noise_.max_starts > 100 || (blocks >= 4 && starts_[engine] < noise_.max_starts);
        if (may && is_restart_due(
                       {work[engine].starts_matter, noise_.is_short, starts_[engine], blocks})) {
          start(engine);
        }
        ++blocks_of_start_[engine];
        table_.process[engine].push_back(starts_[engine]);
      }
      table_.latency_s[0].push_back(std::exp(process_[0]));
      table_.latency_s[1].push_back(truth_ * std::exp(process_[1] + of_block()));
      work = remaining_work(table_, alpha, goal);
    }
    return ratio_of(table_, 1, 0, alpha);
  }

  int blocks() const { return blocks_; }
  size_t starts() const { return starts_[0]; }

 private:
  void start(size_t engine) {
    ++starts_[engine];
    blocks_of_start_[engine] = 0;
    if (noise_.starts == Starts::kAlike) return;
    const double side = std::uniform_real_distribution<double>(0, 1)(random_);
    if (noise_.starts == Starts::kTwoSpeeds) {
      process_[engine] = side < 0.3 ? std::log(1.5) : 0;
      return;
    }
    process_[engine] = draw_normal(random_, 0.004) + (side < 0.01   ? 0.08
                                                      : side < 0.11 ? 0.02
                                                                    : 0.0);
  }

  double of_block() {
    if (noise_.correlation == 0) return noise_.draw(random_);
    const double own = noise_.draw(random_);
    last_ = blocks_ == 0 ? own
                         : noise_.correlation * last_ +
                               own * std::sqrt(1 - noise_.correlation * noise_.correlation);
    return last_;
  }

  const SimulatedNoise& noise_;
  double truth_;
  std::mt19937_64& random_;
  BlockTable table_;
  std::array<double, 2> process_{};
  std::array<size_t, 2> starts_{};
  std::array<int64_t, 2> blocks_of_start_{};
  double last_ = 0;
  int blocks_ = 0;
};

inline SimulatedRuns simulate(const SimulatedNoise& noise, double truth, const Goal& goal,
                              int trials, int max_blocks = 60) {
  std::mt19937_64 random(1);
  SimulatedRuns runs;
  for (int i = 0; i < trials; ++i) {
    SimulatedRun run(noise, truth, random);
    const Ratio ratio = run.measure(goal, max_blocks);
    const Relation relation = ratio.relation;
    runs.missed += ratio.interval.holds(truth) ? 0 : 1;
    runs.blocks.push_back(run.blocks());
    runs.starts.push_back(static_cast<double>(run.starts()));
    if (relation == Relation::kUndecided) {
      const bool near = is_precise(ratio.interval, goal.precision);
      (near ? runs.near : runs.open) += 1;
      continue;
    }
    const bool right = relation == Relation::kTie
                           ? truth <= 1 + kTie
                           : relation == Relation::kSlower && truth > 1 + kTie;
    (right ? runs.right : runs.wrong) += 1;
    runs.wrong_sign += truth > 1 && relation == Relation::kFaster ? 1 : 0;
  }
  return runs;
}

}  // namespace dnnbench
