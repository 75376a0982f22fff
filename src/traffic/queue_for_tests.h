// A queue without a clock, for tests: what a server that never errs would do.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "traffic/rate_figures.h"

namespace dnnbench {

// Requests arrive at these times; the first server to be free takes the next one.
inline std::vector<ServedRequest> serve_in_order(const std::vector<double>& arrivals_s,
                                                 const std::function<double(size_t)>& service_s,
                                                 size_t servers = 1) {
  std::vector<double> free_s(servers, 0);
  std::vector<ServedRequest> served;
  for (size_t i = 0; i < arrivals_s.size(); ++i) {
    double& free = *std::min_element(free_s.begin(), free_s.end());
    const double begin_s = std::max(arrivals_s[i], free);
    free = begin_s + service_s(i);
    served.push_back({arrivals_s[i], begin_s, free, 0});
  }
  return served;
}

}  // namespace dnnbench
