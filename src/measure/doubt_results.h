// Takes the verdicts back where the reference turned out to be wrong after they were given.
#pragma once

#include <vector>

#include "results/result.h"

namespace dnnbench {

// Where one result holds a second opinion by which the reference is wrong, every other that was
// judged by it becomes unverified; `wrong_output`, which has no figures, becomes `failed`. Returns
// those that were changed.
std::vector<const Result*> doubt_results(std::vector<Result>& results);

}  // namespace dnnbench
