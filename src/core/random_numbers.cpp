#include "core/random_numbers.h"

#include <cmath>

namespace dnnbench {
namespace {

std::mt19937_64 seeded(uint64_t seed, uint32_t stream) {
  std::seed_seq sequence{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32), stream};
  return std::mt19937_64(sequence);
}

constexpr int kMantissaBits = 53;

}  // namespace

RandomNumbers::RandomNumbers(uint64_t seed, uint32_t stream) : generator_(seeded(seed, stream)) {}

double RandomNumbers::uniform(double low, double high) {
  const double unit =
      std::ldexp(static_cast<double>(generator_() >> (64 - kMantissaBits)), -kMantissaBits);
  // Explicit, because compilers fuse a product and a sum on some machines only.
  return std::fma(high - low, unit, low);
}

int64_t RandomNumbers::integer(int64_t low, int64_t high) {
  const uint64_t count = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
  const uint64_t offset = count == 0 ? generator_() : generator_() % count;
  return static_cast<int64_t>(static_cast<uint64_t>(low) + offset);
}

}  // namespace dnnbench
