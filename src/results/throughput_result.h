// What a run in throughput mode adds to a result.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "rank/ranking.h"

namespace dnnbench {

// One way to set an engine up, and what it did. Throughput counts items: inferences times the
// batch.
struct TriedSetting {
  int streams = 1;  // processes that computed at the same time
  int threads = 1;  // of each
  std::optional<int64_t> batch;
  double per_s = 0;  // items, the mean over the windows; 0 where it ended otherwise
  std::optional<double> least_per_s;  // 95 % interval of the mean over the windows
  std::optional<double> greatest_per_s;
  double p99_s = 0;            // of an inference; of fewer than 459 the longest; 0 not known
  int64_t peak_rss_bytes = 0;  // of all processes
  std::vector<std::vector<int>> process_cores;  // as in Result
  std::string reason;             // why it can't be chosen, one sentence; "" where it can
  std::optional<size_t> against;  // the setting it took turns with: the best until then
  Ratio speed;                    // its throughput in units of that one's; 0 not known
};

struct ThroughputResult {
  std::string settings;             // of the chosen: what a run in load mode would be called with
  std::optional<double> slo_p99_s;  // bound of p99_s
  std::vector<TriedSetting> tried;  // in that order; at least one
  size_t chosen = 0;                // the best that can be chosen; the first where none can
  bool complete = false;            // all that are worth trying were; else the budget ended it

  const TriedSetting& best() const { return tried[chosen]; }
};

nlohmann::ordered_json to_json(const ThroughputResult& throughput);

}  // namespace dnnbench
