// The names of the arithmetic that engines report as in force.
#pragma once

#include <set>
#include <string>

#include "core/tensor.h"
#include "protocol/load_config.h"

namespace dnnbench {

// Key of InForce::settings where the precision is "mixed": the coarsest of its floating-point
// types. Left out by an engine that does not know it.
inline constexpr const char* kCoarsestType = "coarsest_type";

// Of an engine that computes in these types: "f16", "bf16", "f32", or "mixed" where there are
// several. f64 only where there is none of them: doubles beside other types cost no precision.
// "f32" where all are integers.
std::string precision_of(const std::set<DataType>& types);

// "bf16", "f16" or "f32", as above.
std::string coarsest_of(const std::set<DataType>& types);

// What outputs are judged by where the engine chose its precision: the one in force, or the
// coarsest in a mixed one, as far as that is known.
std::string coarsest_in_force(const InForce& in_force);

}  // namespace dnnbench
