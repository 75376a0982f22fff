#include "protocol/precision.h"

namespace dnnbench {

std::string precision_of(const std::set<DataType>& types) {
  const bool f16 = types.count(DataType::kFloat16) != 0;
  const bool bf16 = types.count(DataType::kBfloat16) != 0;
  const bool f32 = types.count(DataType::kFloat32) != 0;
  if (f16 + bf16 + f32 > 1) return "mixed";
  if (f16) return "f16";
  if (bf16) return "bf16";
  return !f32 && types.count(DataType::kFloat64) != 0 ? "f64" : "f32";
}

std::string coarsest_of(const std::set<DataType>& types) {
  if (types.count(DataType::kBfloat16) != 0) return "bf16";
  return types.count(DataType::kFloat16) != 0 ? "f16" : "f32";
}

std::string coarsest_in_force(const InForce& in_force) {
  const auto coarsest = in_force.settings.find(kCoarsestType);
  const bool known = in_force.precision == "mixed" && coarsest != in_force.settings.end();
  return known ? coarsest->second : in_force.precision;
}

}  // namespace dnnbench
