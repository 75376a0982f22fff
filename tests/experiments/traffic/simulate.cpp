// traffic-simulate TRIALS: how often the 95 % interval of the 99th percentile
// (src/traffic/p99_interval.h) holds the truth, for queues without a clock. Each trial is ten turns
// as load mode takes them; the service takes equally long (D) or is exponential (M).

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "core/random_numbers.h"
#include "core/statistics.h"
#include "md1.h"
#include "traffic/p99_interval.h"

using namespace dnnbench;

namespace {

constexpr size_t kTurns = 10;

double exponential(RandomNumbers& random) { return -std::log1p(-random.uniform(0, 1)); }

// Latencies in units of the mean service.
std::vector<double> latencies(bool constant, double busy, size_t count, RandomNumbers& random) {
  const auto lead_in = static_cast<size_t>(3 * 2 * busy * busy / ((1 - busy) * (1 - busy))) + 5;
  std::vector<double> found;
  for (size_t turn = 0; turn < kTurns; ++turn) {
    double wait = 0;
    for (size_t i = 0; i < lead_in + count / kTurns; ++i) {
      const double service = constant ? 1 : exponential(random);
      if (i >= lead_in) found.push_back(wait + service);
      wait = std::max(0.0, wait + service - exponential(random) / busy);
    }
  }
  return found;
}

// The latency of M/M/1 is exponential.
double truth(bool constant, double busy) {
  return constant ? DeterministicQueue(busy).wait_quantile(0.99) + 1 : std::log(100) / (1 - busy);
}

void print(bool constant, double busy, size_t count, int trials) {
  RandomNumbers random(1, static_cast<uint32_t>(count));
  const double p99 = truth(constant, busy);
  int held = 0, open = 0;
  std::vector<double> lows, highs;
  for (int trial = 0; trial < trials; ++trial) {
    const Interval interval = p99_interval(latencies(constant, busy, count, random));
    held += interval.holds(p99) ? 1 : 0;
    open += std::isinf(interval.high) ? 1 : 0;
    lows.push_back(interval.low / p99);
    highs.push_back(interval.high / p99);
  }
  fmt::print("{}  {:.1f}  {:>8}  {:5.1f}%  {:5.1f}%  [{:.2f}, {:.2f}]\n", constant ? "D" : "M",
             busy, count, 100.0 * held / trials, 100.0 * open / trials, median(lows),
             median(highs));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const int trials = argc > 1 ? std::atoi(argv[1]) : 1000;
  fmt::print(
      "      requests   holds    open  ends, medians of all trials, in units of the truth\n");
  for (const bool constant : {true, false}) {
    for (const double busy : {0.3, 0.5, 0.7, 0.8, 0.9}) {
      for (const size_t count : {460, 2'000, 10'000}) print(constant, busy, count, trials);
    }
  }
}
