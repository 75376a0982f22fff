// What the turns of one candidate gave.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gpu/gpu.h"
#include "machine/noise.h"
#include "results/throughput_result.h"
#include "results/traffic_result.h"

namespace dnnbench {

// Why a candidate's turns ended.
enum class Stop {
  kDecided,
  kPrecise,
  kBudget,
  kRepeat,
  kInterrupted,
  kLate,  // the generator of a search for the highest rate, too often
};
std::string_view to_string(Stop stop);  // "decided", "precise", ..., "late"

// One timed value: a measurement of `number` inferences; under traffic a request, from its intended
// start to its end.
struct Sample {
  int64_t block = 0;   // candidates of one run share the numbering
  double start_s = 0;  // since the first of the run; of a request its intended start
  double duration_s = 0;
};

struct Measured {
  std::vector<Sample> samples;   // in the order measured
  double cpu_s = 0;              // of all the engine's threads
  int64_t inferences = 0;        // in which it used that
  Noise noise;                   // summed over turns
  GpuMeasured gpu;               // likewise; nothing on a CPU
  int64_t blocks = 0;            // measured
  int64_t blocks_disturbed = 0;  // of them
  std::string disturbance;       // what disturbed the last of those, in words
  int64_t dropped = 0;           // measurements at the starts of turns that were not kept
  std::vector<int64_t> starts;   // the blocks before which its processes were started
  std::optional<Stop> stopped;
  std::optional<TrafficResult> traffic;        // in load mode
  std::optional<ThroughputResult> throughput;  // in throughput mode

  // Counts a block, and what disturbed it: "" for nothing.
  void count_block(const std::string& disturbed_by) {
    ++blocks;
    if (disturbed_by.empty()) return;
    ++blocks_disturbed;
    disturbance = disturbed_by;
  }
};

}  // namespace dnnbench
