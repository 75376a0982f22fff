// The table and the closing sentence of a run in throughput mode: results in, text out.
#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace dnnbench {

// One row for each setting that was tried, the best of each engine first; and a line for each that
// could not be measured or chosen, why. `results` are those of one model.
std::string throughput_table(const std::vector<Result>& results);

// One sentence that a person can act on. It states an order only where intervals do not overlap.
std::string throughput_sentence(const std::vector<Result>& results);

}  // namespace dnnbench
