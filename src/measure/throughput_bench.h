// Throughput mode for one candidate: which setting (processes, threads, batch) has the highest
// throughput. Each new setting takes turns with the best so far; the better one stays loaded.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "measure/busy_report.h"
#include "measure/measured_engine.h"
#include "measure/surroundings.h"
#include "results/measured.h"
#include "run/candidate.h"
#include "run/options.h"
#include "run/progress.h"
#include "traffic/stream_settings.h"

namespace dnnbench {

// A setting of the candidate that is loaded and measured.
struct ThroughputSetting {
  Candidate candidate;  // with its streams, threads and batch
  size_t index = 0;     // in the order tried
};

// What ThroughputBench needs of the models and engines.
struct ThroughputParts {
  // The size of batch number `index`, from 0 on: the inner one is absent for the model's own, the
  // outer one where there is no further batch. Throws Interrupted.
  std::function<std::optional<std::optional<int64_t>>(size_t index)> batch_at;
  // Prepares the model at that batch, too. Throws Error where that can't be done, and Interrupted.
  std::function<std::unique_ptr<MeasuredEngine>(const ThroughputSetting&)> make_engine;
};

// What was found: the best setting, or why there is none.
struct ThroughputFound {
  Outcome outcome;
  std::optional<ThroughputSetting> setting;  // absent where none could be chosen
  EngineFacts facts;
  Measured measured;
};

class ThroughputBench {
 public:
  // Options are those of throughput mode. All arguments must outlive this. This is engine number
  // `place`, from 0 on, of `engines` that are measured one after the other.
  ThroughputBench(const RunOptions& options, const Candidate& candidate, const std::string& label,
                  int cores, const ThroughputParts& parts, const Surroundings& surroundings,
                  Progress& progress, size_t place = 0, size_t engines = 1);
  ~ThroughputBench();

  // Tries settings until none is better or the budget is spent, or an interrupt. An engine that
  // can't do any setting is an outcome. Throws Interrupted where nothing was measured by then, and
  // Error where the first engine's first setting can't be prepared.
  ThroughputFound measure();

 private:
  struct Setup;  // one setting, loaded

  // What a setting is after it was tried: the best now; not that; or, where there is a bound on its
  // p99, not known, because most of its windows were disturbed.
  enum class Trial { kBest, kNotBest, kDisturbed };

  void try_all();
  std::optional<std::optional<int64_t>> next_batch(size_t index) const;
  Trial try_setting(std::optional<int64_t> batch, const StreamSetting& setting);
  void report();
  Trial compare_with_best(std::unique_ptr<Setup> setup);
  std::unique_ptr<Setup> load(ThroughputSetting setting);
  Trial choose(std::unique_ptr<Setup> setup);
  Trial leave_open(std::unique_ptr<Setup> setup);
  bool keep_faster(std::unique_ptr<Setup>& kept, std::unique_ptr<Setup> setup);
  void give_up(TriedSetting& setting, const Outcome& outcome);
  void measure_alone(Setup& setup);
  Outcome measure_both(Setup& best, Setup& other);
  bool take_window(Setup& setup, size_t block);
  void judge(Setup& setup);
  TriedSetting& tried(const Setup& setup);
  double left_s() const;
  ThroughputFound found();
  void keep_samples();

  const RunOptions& options_;
  const ThroughputOptions& throughput_options_;
  const Candidate& candidate_;
  const std::string& label_;
  int cores_;
  const ThroughputParts& parts_;
  const Surroundings& surroundings_;
  Progress& progress_;
  BusyReport busy_;
  const size_t place_;
  const size_t engines_;
  size_t known_settings_ = 0;  // to be tried, as far as known now
  ThroughputResult throughput_;
  std::unique_ptr<Setup> best_;
  // The next best that may be chosen, without its engine: the best may end, or break the bound.
  std::unique_ptr<Setup> spare_;
  std::unique_ptr<Setup> disturbed_;  // likewise, of Trial::kDisturbed: where no other is left
  Outcome first_failure_;
  double started_s_ = 0;
};

}  // namespace dnnbench
