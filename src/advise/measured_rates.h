// What was measured under traffic of one deployment (docs/advising.md, "Candidates", rule 4).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "queueing/capacity.h"
#include "results/stored_result.h"

namespace dnnbench {

// By rising rate. `results` are of one deployment and of any mode, the oldest first; those in load
// mode of one of these input shapes count.
std::vector<MeasuredRate> measured_rates(const std::vector<const StoredResult*>& results,
                                         const std::set<std::string>& shapes);

}  // namespace dnnbench
