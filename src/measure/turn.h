// What one turn of an engine gave. Engines of a run compute in turns, one at a time. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gpu/gpu.h"
#include "machine/noise.h"
#include "traffic/stream_settings.h"

namespace dnnbench {

// Of every kind of turn.
struct Turn {
  double cpu_s = 0;   // of the engine, for all that it computed in it
  double spun_s = 0;  // CPU time of the load generator in the engine's processes, beside cpu_s
  Noise noise;
  std::string disturbance;  // what else disturbed it, in words (machine/disturbance.h); "" nothing
  int64_t dropped = 0;      // measurements at its start that are not kept
  std::optional<GpuTurn> gpu;  // absent on a CPU

  bool is_disturbed() const { return !disturbance.empty(); }
};

// One inference after the other.
struct LatencyTurn : Turn {
  std::vector<double> start_s;     // on CLOCK_MONOTONIC
  std::vector<double> duration_s;  // each covers `number` inferences
};

// All of the engine's processes at the same time.
struct ThroughputTurn : Turn {
  std::vector<StreamTimes> streams;
};

}  // namespace dnnbench
