// The answer and the table of a run in load mode: results in, text out.
#pragma once

#include <string>
#include <vector>

#include "cli/layout.h"
#include "results/result.h"

namespace dnnbench {

// One row per engine: sustained rate, utilisation, latencies with the interval of the 99th
// percentile. `results` are those of one model.
Table traffic_table(const std::vector<Result>& results);

// Why an engine sustains no rate, one line per engine.
std::string traffic_notes(const std::vector<Result>& results);

// One sentence that a person can act on. It states an order only where intervals do not overlap.
std::string traffic_sentence(const std::vector<Result>& results);

// "ok", "overloaded", "too slow", ...: one word per engine.
std::string traffic_verdict(const Result& result);

}  // namespace dnnbench
