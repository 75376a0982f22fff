// Rounds: engines that are loaded and warm take turns, a block after the other, until their order
// is decided. Drift of the machine hits all engines of a block alike and cancels out of their
// ratios; a block that something else disturbed is measured again. Each engine is restarted
// every few blocks, so that what differs from start to start is not taken for the engine's
// (docs/decisions/0028-restart-engines-between-blocks.md).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "measure/bench.h"
#include "measure/bench_engine.h"
#include "rank/ranking.h"

namespace dnnbench {

// One engine among the others. `bench` is gone once the engine has ended.
struct Contestant {
  Result* result = nullptr;
  std::unique_ptr<EngineBench> bench;
};

class Rounds {
 public:
  // `ended` is called with the result of each engine as soon as it is complete, however it ended.
  Rounds(const RunOptions& options, const BenchSettings& settings, Progress& progress,
         std::function<void(Result&)> ended)
      : options_(options), settings_(settings), progress_(progress), ended_(std::move(ended)) {}

  // Measures these engines together, at least one, all prepared and paused; fills in their results'
  // data and ends them. With `keep_first` the first of them stays, paused, to take turns with
  // others later; its data then grow with each call. Blocks are numbered on from call to call.
  // `engines` is how many the whole run compares.
  void measure(std::vector<Contestant>& contestants, size_t engines, bool keep_first);

 private:
  const RunOptions& options_;
  const BenchSettings& settings_;
  Progress& progress_;
  std::function<void(Result&)> ended_;
  int64_t next_block_ = 0;
  std::optional<double> started_s_;  // CLOCK_MONOTONIC of the run's first experiment
};

// The blocks' medians of one inference, an engine a row: what rank() takes. Blocks in which none of
// them has data are left out.
BlockTable block_table(const std::vector<const Result*>& results);

}  // namespace dnnbench
