// What a run in load mode adds to a result.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "traffic/rate_figures.h"

namespace dnnbench {

struct TrafficResult {
  std::optional<double> rate_per_s;   // asked for; or
  std::optional<double> slo_p99_s;    // the bound under which the highest rate was looked for
  std::vector<RateFigures> rates;     // every rate tried, in that order; at least one
  size_t chosen = 0;                  // the one whose requests are in the result's data: the only
                                      // one, or the highest within the bound, or the lowest of all
  double at_least_per_s = 0;          // with a bound: the highest that surely met it; 0 none
  std::optional<double> below_per_s;  // the lowest that surely missed it
  std::vector<double> begin_s;        // of each request in data, when it was taken up

  const RateFigures& figures() const { return rates[chosen]; }
};

// The rate that the engine sustains: that asked for, or the highest found within the bound. Absent
// where it sustains none.
std::optional<double> carried_per_s(const TrafficResult& traffic);

// Why it sustains none, or no 99th percentile is known: one sentence; "" where all is.
std::string why_not_carried(const TrafficResult& traffic);

nlohmann::ordered_json to_json(const TrafficResult& traffic, const std::string& settings);

}  // namespace dnnbench
