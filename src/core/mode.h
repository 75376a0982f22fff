// What a run measures.
#pragma once

#include <string_view>

namespace dnnbench {

enum class Mode {
  kLatency,     // one request at a time, without a pause
  kTraffic,     // requests arrive at a rate, whether the one before is done or not
  kThroughput,  // several processes at a time, without a pause, at the settings that give the most
};

// The name in JSON and on the command line: "latency", "load", "throughput".
inline std::string_view to_string(Mode mode) {
  if (mode == Mode::kTraffic) return "load";
  return mode == Mode::kThroughput ? "throughput" : "latency";
}

}  // namespace dnnbench
