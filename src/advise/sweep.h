// At which request rates the best plan changes: the lowest price as a step function of the rate.
#pragma once

#include <vector>

#include "advise/plans.h"

namespace dnnbench {

// Rates above `above_per_s`, up to and with `up_to_per_s`, have this best plan; its figures are
// those at `up_to_per_s`.
struct Step {
  double above_per_s = 0;
  double up_to_per_s = 0;
  Plan plan;
};

// From rate 0 up to the demand's, or as far as there is a plan. Neighbouring steps always differ in
// instance, engine, settings or count. Points into the selection. Throws UsageError for a sweep of
// more than 100,000 steps.
std::vector<Step> sweep(const Selection& selection, const Demand& demand);

}  // namespace dnnbench
