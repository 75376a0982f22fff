#include "traffic/arrivals.h"

#include <cmath>

#include "core/random_numbers.h"

namespace dnnbench {
namespace {

constexpr uint32_t kFirstStream = 1u << 16;  // those below are the generated inputs'

}  // namespace

std::vector<double> poisson_arrivals_s(double rate_per_s, size_t count, uint64_t seed,
                                       uint32_t piece) {
  RandomNumbers random(seed, kFirstStream + piece);
  std::vector<double> arrivals;
  arrivals.reserve(count);
  double unit_time = 0;
  for (size_t i = 0; i < count; ++i) {
    unit_time += -std::log1p(-random.uniform(0, 1));
    arrivals.push_back(unit_time / rate_per_s);
  }
  return arrivals;
}

}  // namespace dnnbench
