// Numbers as a person reads them: three significant digits and a unit.
#pragma once

#include <cstdint>
#include <string>

namespace dnnbench {

std::string format_seconds(double seconds);  // "32.9 ms", "1.43 s", "870 ns"
std::string format_bytes(int64_t bytes);     // "312 MB": powers of ten
std::string format_rate(double per_second);  // "30.4", "1250"

}  // namespace dnnbench
