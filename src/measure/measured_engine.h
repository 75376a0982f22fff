// MeasuredEngine: what an engine that is measured can do. Rounds, TrafficRounds and ThroughputBench
// know engines by this alone, so that tests can script one (measure/scripted_engine.h); the real
// one is ProcessEngine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "measure/traffic_turn.h"
#include "measure/turn.h"
#include "results/engine_facts.h"

namespace dnnbench {

// Not thread-safe. Every function that computes throws EngineEnded when the engine ends instead;
// only facts() and the destructor may be called then.
class MeasuredEngine {
 public:
  virtual ~MeasuredEngine() = default;

  // Starts it, loads the model, verifies and warms up. Throws Interrupted, too.
  virtual void prepare() = 0;

  // Before each block of turns: loads it where a journal has answered in its place until now, and
  // returns whether it did (measure/journaled_engine.h). Throws Interrupted, too.
  virtual bool wake() { return false; }

  // Ends it and does all of that again. The facts about loading stay those of the first start.
  virtual void restart() = 0;

  // A turn on that set of inputs (0 or 1): exactly `measurements` that are kept, or as many as a
  // turn's time holds.
  virtual LatencyTurn take_turn(size_t input_set, std::optional<int64_t> measurements) = 0;

  // All processes serve requests as they arrive.
  virtual TrafficTurn take_traffic_turn(size_t input_set, const TrafficTurnRequest& request) = 0;

  // All processes compute at the same time, without a pause, for about kept_s.
  virtual ThroughputTurn take_throughput_turn(size_t input_set, double kept_s) = 0;

  // Compares the last inference's outputs with the reference of that set of inputs.
  virtual void verify(size_t input_set) = 0;

  // Stops it until the next call.
  virtual void pause() = 0;

  // Of one measurement, as the warm-up or the verification showed.
  virtual double expected_s() const = 0;

  // What the last start took until it was warm, without compiling ahead and looking for faster
  // code.
  virtual double start_s() const = 0;

  // Of all its processes together; of all starts the largest. 0 where nothing is known.
  virtual int64_t peak_rss_bytes() const = 0;

  // What is known of it by now.
  virtual EngineFacts facts() const = 0;
};

}  // namespace dnnbench
