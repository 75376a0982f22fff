// Whether a candidate can compute on the device that was asked for, and whether it did.
#pragma once

#include <string>
#include <vector>

#include "gpu/access.h"
#include "machine/environment.h"
#include "protocol/load_config.h"
#include "protocol/messages.h"
#include "run/candidate.h"

namespace dnnbench {

// What the candidate's engine is asked to compute on.
Greeting greeting_of(const Candidate& candidate);

// Why no engine of this version can use the device asked for; "" when it can.
std::string why_not_on_device(const Candidate& candidate, const Environment& environment,
                              const GpuAccess& gpu);

// Why the work of a candidate on a GPU was not mostly the GPU's, by the engine's own record; ""
// when it was.
std::string why_not_a_gpu_result(const std::vector<Placement>& placement);

}  // namespace dnnbench
