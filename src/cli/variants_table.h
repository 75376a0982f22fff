// The second table of a run that compares variants: how fast each is against f32 of the same
// engine, what it costs in accuracy, and whether it is accepted.
#pragma once

#include <string>
#include <vector>

#include "cli/layout.h"
#include "results/result.h"

namespace dnnbench {

// One row per variant that is not f32; `results` are those of one model.
Table variants_table(const std::vector<Result>& results);

// A line for each that is slower than f32, with the likely reason, and each that is not accepted.
std::string variants_notes(const std::vector<Result>& results);

// "The fastest accepted variant is ...", or what the choice is between where there is no bound.
std::string variants_sentence(const std::vector<Result>& results);

}  // namespace dnnbench
