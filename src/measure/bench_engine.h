// One engine on one prepared model: start, load, verify, warm up; then turns of timing, one at a
// time among other engines' turns, each verified when asked.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "machine/cores.h"
#include "machine/noise.h"
#include "measure/traffic_turn.h"
#include "prepare/prepare_model.h"
#include "process/engine_session.h"
#include "process/work_folder.h"
#include "results/result.h"
#include "run/options.h"
#include "run/progress.h"
#include "traffic/stream_settings.h"

namespace dnnbench {

// How long turns are. The defaults are what docs/measuring.md justifies; experiments take others.
struct TurnLengths {
  double dropped_s =
      0.05;              // at the start of a turn, of experiments that are not kept; at least one
  double kept_s = 0.15;  // then of those that are; at least kMinKept
  double warmup_slice_s = 0.1;
  double least_warmup_s = 0.3;
  double least_warmup_of_later_starts_s = 0.1;
  double most_warmup_s = 5;
};

// What one turn gave.
struct Turn {
  std::vector<double> start_s;     // on CLOCK_MONOTONIC
  std::vector<double> duration_s;  // each covers `number` inferences
  double cpu_s = 0;                // of the engine, for all of them together
  Noise noise;
};

// What one turn of all processes at once gave.
struct ThroughputTurn {
  std::vector<StreamTimes> streams;
  double cpu_s = 0;
  Noise noise;
};

class EngineBench {
 public:
  // Starts the engine's processes: choice.streams of them, alike, each on cores of its own where
  // there are enough for result.threads of each. Everything referred to must
  // outlive this. The log is written beside result.output_path. Every function but pause throws
  // EngineEnded when the engine ends otherwise.
  EngineBench(const RunOptions& options, const PreparedModel& prepared, const EngineChoice& choice,
              const WorkFolder& work, Progress& progress, Result& result, TurnLengths lengths = {});

  // Also after a failure, keeps what the process has reported until then.
  ~EngineBench();
  EngineBench(const EngineBench&) = delete;
  EngineBench& operator=(const EngineBench&) = delete;

  // Loads, verifies and warms up; fills in what the result says of it.
  void prepare();

  // Ends the processes and does all of that again with new ones. What the result says of loading
  // stays that of the first start.
  void restart();

  // What the last start took until it was warm, without compiling ahead and looking for faster
  // code.
  double start_s() const { return start_s_; }

  // A turn on the inputs of that examination: exactly `experiments` that are kept, or as many as
  // kept_s holds.
  Turn take_turn(size_t examination, std::optional<int64_t> experiments);

  // A turn under load on those inputs: all processes serve the requests as they arrive.
  TrafficTurn take_traffic_turn(size_t examination, const TrafficTurnRequest& request);

  // All processes compute on those inputs at the same time, without a pause, for about kept_s.
  ThroughputTurn take_throughput_turn(size_t examination, double kept_s);

  // Compares the last inference's outputs with the reference of that examination.
  void verify_again(size_t examination);

  // Stops the engine's processes until the next call.
  void pause();

  // Of one experiment, as the warm-up or the verification told.
  double expected_s() const { return expected_s_; }

  // Of all its processes together; of all starts the most.
  int64_t peak_rss_bytes() const;

 private:
  void start();
  WorkerOptions worker_options(int stream) const;
  void step(const std::string& doing, std::optional<double> remaining_s = std::nullopt);
  void load();
  void load(EngineSession& session);
  void import(LoadConfig& config) const;  // for an engine that does not read ONNX
  void report_import(const Loaded& loaded);
  void save_converted();
  void verify_before_timing();
  void examine(EngineSession& session, size_t examination, const std::string& when);
  TrafficTurn serve(const TrafficTurnRequest& request);
  void warm_up();
  void report_warmup(int64_t experiments);
  void warm_up_until_steady();
  TimedSlice time_slice(int64_t experiments, double max_s);
  std::vector<TimedSlice> time_slices(int64_t experiments, double max_s);

  const RunOptions& options_;
  const PreparedModel& prepared_;
  const EngineChoice choice_;
  Progress& progress_;
  Result& result_;
  TurnLengths lengths_;
  const WorkFolder& work_;
  const std::vector<Cores> shares_;                       // of the processes; empty: all have all
  std::vector<std::unique_ptr<EngineSession>> sessions_;  // at least one, in processes of their own
  std::chrono::steady_clock::time_point started_at_;
  double start_s_ = 0;
  bool restarted_ = false;
  int64_t peak_rss_bytes_ = 0;  // of earlier starts
  bool examined_ = false;
  double expected_s_ = 0;
};

// Why no engine of this version can use the device asked for; "" when it can.
std::string why_not_on_device(const RunOptions& options, const Environment& environment);

}  // namespace dnnbench
