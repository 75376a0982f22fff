// ProcessEngine: a candidate on a prepared model, in processes of its own: start, load, verify,
// warm up; then turns, one at a time among other engines' turns.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "machine/cores.h"
#include "measure/engine_loader.h"
#include "measure/measured_engine.h"
#include "measure/turn_watch.h"
#include "prepare/prepare_model.h"
#include "process/engine_session.h"
#include "process/work_folder.h"
#include "run/options.h"
#include "run/progress.h"

namespace dnnbench {

// How long turns are. The defaults are what docs/measuring.md justifies; experiments take others.
struct TurnLengths {
  double dropped_s = 0.04;  // at a turn's start, of measurements that are not kept; at least one
  double kept_s = 0.10;     // then of those that are; at least kMinKept
  double warmup_slice_s = 0.1;
  double min_warmup_s = 0.3;
  double min_warmup_after_restart_s = 0.1;
  double max_warmup_s = 5;
  double max_turn_warmup_s = 0;  // dropped until times are steady, this long: after a pause the
                                 // clocks of a GPU ramp up. 0: dropped_s alone
};

// For an engine on a GPU: its energy counter moves slowly.
inline constexpr TurnLengths kGpuTurnLengths{
    .dropped_s = 0.1, .kept_s = 1.2, .max_turn_warmup_s = 1};

class ProcessEngine : public MeasuredEngine {
 public:
  // Starts nothing yet. Processes get cores of their own where there are enough for the threads of
  // each. Everything referred to must outlive this.
  ProcessEngine(const RunOptions& options, const PreparedModel& prepared, EngineSetup setup,
                const WorkFolder& work, Progress& progress, TurnLengths lengths = {});

  void prepare() override;
  void restart() override;
  LatencyTurn take_turn(size_t input_set, std::optional<int64_t> measurements) override;
  TrafficTurn take_traffic_turn(size_t input_set, const TrafficTurnRequest& request) override;
  ThroughputTurn take_throughput_turn(size_t input_set, double kept_s) override;
  void verify(size_t input_set) override;
  void pause() override;
  double expected_s() const override { return expected_s_; }
  double start_s() const override { return start_s_; }
  int64_t peak_rss_bytes() const override;
  EngineFacts facts() const override;

 private:
  void start();
  void prepare_started();
  WorkerOptions worker_options(int stream) const;
  void step(const std::string& doing, std::optional<double> remaining_s = std::nullopt);
  void load();
  void save_converted();
  void set_inputs(size_t input_set);
  void verify_before_timing();
  void measure_accuracy();
  void ask_for_second_opinion(size_t input_set, Verification& verification);
  void examine(EngineSession& session, size_t input_set, const std::string& when);
  TrafficTurn serve(const TrafficTurnRequest& request);
  void warm_up();
  void count_warmup(int64_t measurements);
  void warm_up_until_steady();
  int64_t warm_up_turn();
  TimedSlice time_slice(int64_t measurements, double max_s);
  std::vector<TimedSlice> time_slices(int64_t measurements, double max_s);

  const RunOptions& options_;
  const PreparedModel& prepared_;
  const EngineSetup setup_;
  const WorkFolder& work_;
  const std::unique_ptr<WorkFolder> shared_;  // by the processes of several streams
  Progress& progress_;
  const TurnLengths lengths_;
  const std::vector<Cores> shares_;                       // of the processes; empty: all have all
  std::vector<std::unique_ptr<EngineSession>> sessions_;  // in processes of their own
  std::set<const EngineSession*> idle_;  // those that no request of the last turn reached: their
                                         // outputs are of other inputs
  const EngineLoader loader_;
  TurnWatch watch_;
  EngineFacts facts_;  // without the peak of the processes that live
  double started_at_s_ = 0;
  double start_s_ = 0;
  bool restarted_ = false;
  bool examined_ = false;
  double expected_s_ = 0;
};

}  // namespace dnnbench
