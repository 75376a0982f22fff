// What a setting did in throughput mode: its windows, and the figures that they give.
#pragma once

#include <vector>

#include "measure/turn.h"
#include "results/throughput_result.h"

namespace dnnbench {

// One turn of a setting.
struct ThroughputWindow {
  ThroughputTurn turn;
  double items_per_s = 0;
};

// Those that figures are of: the undisturbed ones, or all where most were disturbed.
std::vector<ThroughputWindow> counted_windows(const std::vector<ThroughputWindow>& windows);

// Fills in per_s, its interval and p99_s. There is at least one window.
void set_figures(const std::vector<ThroughputWindow>& windows, TriedSetting& setting);

}  // namespace dnnbench
