// How an engine can be set up to do as much as possible: how many processes, each with how many
// threads, and which sizes of batches are worth trying. Arithmetic alone.
#pragma once

#include <cstdint>
#include <vector>

namespace dnnbench {

struct StreamSetting {
  int streams = 1;  // processes that compute at the same time
  int threads = 1;  // of each

  bool operator==(const StreamSetting&) const = default;
};

// The ways to use `cores`: for 4 of them 1 x 4, 2 x 2 and 4 x 1. Numbers of streams are the powers
// of two and `cores` itself; threads are what that leaves for each. Where `threads` or `streams`
// are given (not empty, not 0), those alone: as many streams as the cores hold, at least one.
std::vector<StreamSetting> stream_settings(int cores, const std::vector<int>& threads, int streams);

// One process's times in a stretch in which others work, too. Seconds on one clock; `start_s`
// rises.
struct StreamTimes {
  std::vector<double> start_s;
  std::vector<double> duration_s;
};

// Inferences per second of all streams together, over the window in which all of them were at work;
// of those that lie across its ends, the part inside. 0 where there is no such window. Each stream
// has at least one time.
double common_rate_per_s(const std::vector<StreamTimes>& streams);

}  // namespace dnnbench
