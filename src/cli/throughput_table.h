// The answer and the table of a run in throughput mode: results in, text out.
#pragma once

#include <string>
#include <vector>

#include "cli/layout.h"
#include "results/result.h"

namespace dnnbench {

// One row for each setting that was tried, the best of each engine first. `results` are those of
// one model.
Table throughput_table(const std::vector<Result>& results);

// One line per setting that could not be measured or chosen, with the reason.
std::string throughput_notes(const std::vector<Result>& results);

// One sentence that a person can act on. It states an order only where intervals do not overlap.
std::string throughput_sentence(const std::vector<Result>& results);

}  // namespace dnnbench
