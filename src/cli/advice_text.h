// Advice for a person at a terminal: the answer first, then the plans, then what is ruled out.
#pragma once

#include <string>
#include <vector>

#include "advise/advice_json.h"
#include "advise/plans.h"
#include "advise/sweep.h"
#include "cli/terminal.h"

namespace dnnbench {

// The answer to a question, with its best plans and why the others are ruled out, for a terminal of
// so many columns.
std::string advice_text(const Question& question, const Advice& advice,
                        size_t width = kUnlimitedWidth);

// A line for each request rate at which the best plan changes.
std::string sweep_text(const Question& question, const std::vector<Step>& steps,
                       size_t width = kUnlimitedWidth);

// "$0.102", with four decimals only where they say something.
std::string format_usd(double usd);

}  // namespace dnnbench
