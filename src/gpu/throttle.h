// Why a GPU's clocks are held down, as NVML's bits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dnnbench::throttle {

inline constexpr uint64_t kPowerCap = 0x4;
inline constexpr uint64_t kHardwareSlowdown = 0x8;
inline constexpr uint64_t kSoftwareThermal = 0x20;
inline constexpr uint64_t kHardwareThermal = 0x40;
inline constexpr uint64_t kPowerBrake = 0x80;

// Heat and a lack of power. The power cap alone is normal for many busy boards: what it changes
// shows in the clocks.
inline constexpr uint64_t kDisturbing =
    kHardwareSlowdown | kSoftwareThermal | kHardwareThermal | kPowerBrake;

// Of the bits that are set, those that slow the GPU down: "power_cap", "hardware_thermal", ...
std::vector<std::string> names(uint64_t bits);

}  // namespace dnnbench::throttle
