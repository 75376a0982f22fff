#include "gpu/throttle.h"

#include <utility>

namespace dnnbench::throttle {

std::vector<std::string> names(uint64_t bits) {
  static const std::vector<std::pair<uint64_t, const char*>> kNames{
      {kPowerCap, "power_cap"},
      {kHardwareSlowdown, "hardware_slowdown"},
      {kSoftwareThermal, "software_thermal"},
      {kHardwareThermal, "hardware_thermal"},
      {kPowerBrake, "power_brake"},
  };
  std::vector<std::string> set;
  for (const auto& [bit, name] : kNames) {
    if ((bits & bit) != 0) set.emplace_back(name);
  }
  return set;
}

}  // namespace dnnbench::throttle
