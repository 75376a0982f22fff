// Advice for a person at a terminal: the answer first, then the plans, then what falls out.
#pragma once

#include <string>
#include <vector>

#include "advise/advice_json.h"
#include "advise/plans.h"
#include "advise/sweep.h"

namespace dnnbench {

// The answer to a question, with its best plans and why the others fall out.
std::string advice_text(const Question& question, const Advice& advice);

// A line for each load at which the best plan changes.
std::string sweep_text(const Question& question, const std::vector<Step>& steps);

// "$0.102", with four decimals only where they say something.
std::string format_usd(double usd);

}  // namespace dnnbench
