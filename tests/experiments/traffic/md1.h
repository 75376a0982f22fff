// Theory of the M/D/1 queue: Poisson arrivals, every service takes equally long, one server.
#pragma once

#include <vector>

namespace dnnbench {

class DeterministicQueue {
 public:
  // `busy` is the server's utilisation, in (0, 1); times are in units of one service.
  explicit DeterministicQueue(double busy);

  // Pollaczek and Khinchine.
  double mean_wait() const { return busy_ / (2 * (1 - busy_)); }

  // P(wait <= time). All terms are positive, so that it is exact for long waits too: Franx (2001),
  // "A simple solution for the M/D/c waiting time distribution", Operations Research Letters 29(5).
  double wait_at_most(double time) const;

  // The time that a share of all waits does not exceed.
  double wait_quantile(double share) const;

 private:
  double busy_;
  std::vector<double> at_most_;  // P(so many are in the system)
};

}  // namespace dnnbench
