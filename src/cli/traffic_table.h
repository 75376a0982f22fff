// The table and the closing sentence of a run in load mode: results in, text out.
#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace dnnbench {

// One row an engine: the rate it carries, how busy that keeps it, its latencies with the interval
// of the 99th percentile; and a line for each that carries none, why. `results` are those of one
// model.
std::string load_table(const std::vector<Result>& results);

// One sentence that a person can act on. An order is told only where intervals do not overlap.
std::string load_sentence(const std::vector<Result>& results);

// "ok", "overloaded", "too slow", ...: a word an engine.
std::string load_verdict(const Result& result);

}  // namespace dnnbench
