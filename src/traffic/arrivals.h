// When requests arrive under traffic: a Poisson process, the same for a seed on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dnnbench {

// The times of `count` arrivals at `rate_per_s` on average, in seconds since the start, rising.
// The gaps are drawn independently and exponential (a Poisson process); those of the same seed and
// piece at another rate are the same gaps, longer or shorter, so that two rates and two engines are
// compared on the same luck. Different pieces of a seed are independent.
std::vector<double> poisson_arrivals_s(double rate_per_s, size_t count, uint64_t seed,
                                       uint32_t piece);

}  // namespace dnnbench
