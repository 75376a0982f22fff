// The table and the closing sentence of a run in load mode: results in, text out.
#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace dnnbench {

// One row per engine: sustained rate, utilisation, latencies with the interval of the 99th
// percentile; and why an engine sustains no rate. `results` are those of one model.
std::string load_table(const std::vector<Result>& results);

// One sentence that a person can act on. It states an order only where intervals do not overlap.
std::string load_sentence(const std::vector<Result>& results);

// "ok", "overloaded", "too slow", ...: one word per engine.
std::string load_verdict(const Result& result);

}  // namespace dnnbench
