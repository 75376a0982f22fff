// The table of a list of batches: items per second and latency of every engine at every batch, from
// runs made one after the other.
#pragma once

#include <string>
#include <vector>

#include "cli/layout.h"
#include "results/result.h"

namespace dnnbench {

// Results of one model in latency mode, of all batches.
Table batch_table(const std::vector<Result>& results);

// Which batch has the highest throughput, and its time: one sentence.
std::string batch_sentence(const std::vector<Result>& results);

}  // namespace dnnbench
