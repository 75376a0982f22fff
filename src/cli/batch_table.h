// What a list of batches came to: items a second and latency of every engine at every batch, from
// the runs that were made of it one after the other.
#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace dnnbench {

// Results of one model in latency mode, of all batches.
std::string batch_table(const std::vector<Result>& results);

// Which batch does most, and in which time: one sentence.
std::string batch_sentence(const std::vector<Result>& results);

}  // namespace dnnbench
