// Throughput mode for one engine: which setting (processes, threads, batch) does most. A setting
// that is new takes turns with the best until then; the better of the two stays loaded.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "measure/bench_engine.h"
#include "traffic/stream_settings.h"

namespace dnnbench {

// One model at one size of its batch.
struct BatchedModel {
  std::optional<int64_t> batch;  // absent: as the model has it
  RunOptions options;
  std::unique_ptr<WorkFolder> work;
  PreparedModel prepared;
};

// The next size of the batch: absent where there is none, or the model has no other. Prepared once
// and kept for the other engines.
using ModelAtBatch = std::function<const BatchedModel*(size_t index)>;

class ThroughputBench {
 public:
  // Everything referred to must outlive this. `result` describes the run; it is filled in.
  ThroughputBench(const RunOptions& options, const EngineChoice& choice, int cores,
                  Progress& progress, Result& result);
  ~ThroughputBench();

  // Tries settings until none is better or the budget is spent. An engine that can't do any setting
  // is an outcome in the result.
  void measure(const ModelAtBatch& model_at);

 private:
  struct Setup;  // one setting, loaded

  bool try_setting(const BatchedModel& model, const StreamSetting& setting);
  std::unique_ptr<Setup> load(const BatchedModel& model, const StreamSetting& setting);
  void measure_alone(Setup& setup);
  void measure_both(Setup& best, Setup& other);
  bool take_window(Setup& setup, size_t block);
  void judge(Setup& setup);
  double left_s() const;
  void fill_in();
  void keep_data();

  const RunOptions& options_;
  const EngineChoice& choice_;
  int cores_;
  Progress& progress_;
  Result& result_;
  ThroughputResult throughput_;
  std::unique_ptr<Setup> best_;
  Outcome first_failure_;
  Outcome best_ended_;  // how the best setting ended while another was compared with it
  std::optional<double> started_s_;
};

}  // namespace dnnbench
