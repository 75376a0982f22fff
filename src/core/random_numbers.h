// Random numbers that are the same on every machine: std::mt19937_64 is specified to the bit, the
// standard library's distributions are not.
#pragma once

#include <cstdint>
#include <random>

namespace dnnbench {

class RandomNumbers {
 public:
  // Different streams of the same seed are independent.
  RandomNumbers(uint64_t seed, uint32_t stream);

  // Uniform in [low, high).
  double uniform(double low, double high);

  // Uniform in [low, high], both whole numbers. low <= high.
  int64_t integer(int64_t low, int64_t high);

 private:
  std::mt19937_64 generator_;
};

}  // namespace dnnbench
