// JSON forms of what parent and worker send each other; the requests and replies are listed in
// docs/protocol.md.
#pragma once

#include <nlohmann/json.hpp>

#include "protocol/load_config.h"

namespace dnnbench {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LoadConfig, model_path, device, variant, precision, threads,
                                   optimize, input_shapes, tune_budget_s, simplified_path,
                                   bound_inputs_file, inlined_path, original_fails)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Placement, device, nodes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(InForce, precision, threads, placement, settings)

}  // namespace dnnbench
