// How large a share may be of which few were seen.
#pragma once

#include <cmath>

namespace dnnbench {

// The upper end of a 95 % interval (Clopper and Pearson) of a share: `hits` of `trials`.
inline double max_share(int hits, int trials) {
  const auto at_most_hits = [&](double share) {
    double sum = 0;
    for (int k = 0; k <= hits; ++k) {
      sum += std::exp(std::lgamma(trials + 1) - std::lgamma(k + 1) - std::lgamma(trials - k + 1) +
                      k * std::log(share) + (trials - k) * std::log1p(-share));
    }
    return sum;
  };
  double low = 1e-12, high = 1 - 1e-12;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (at_most_hits(middle) > 0.025 ? low : high) = middle;
  }
  return high;
}

}  // namespace dnnbench
