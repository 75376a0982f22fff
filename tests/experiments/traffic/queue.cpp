// traffic-queue MODEL SECONDS: load mode against queueing theory. The fake engine computes for
// 0.2 ms by the clock (1 ms at a low utilisation, where waits are so short that the machine's own
// microseconds show), and requests come at random: an M/D/1 queue, whose waiting times are known
// exactly (md1.h). Turns that something else disturbed are left out, as load mode does. Prints one
// line per utilisation: the mean wait and the 99th percentile of latency, each as measured, by
// theory, and as the same arrivals give without a clock and without noise, so that luck and error
// of measurement can be distinguished.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "core/error.h"
#include "core/statistics.h"
#include "fake_bench.h"
#include "md1.h"
#include "traffic/arrivals.h"
#include "traffic/p99_interval.h"
#include "traffic/rate_figures.h"

using namespace dnnbench;

namespace {

constexpr size_t kTurn = 5'000;  // requests
constexpr size_t kLeadIn = 500;  // dropped first

struct Setting {
  double busy;
  double service_s;
  double share;  // of the time
};
constexpr Setting kSettings[] = {
    {0.3, 0.001, 0.35}, {0.5, 0.0002, 0.1}, {0.7, 0.0002, 0.2}, {0.8, 0.0002, 0.35}};

// What a server would do that takes exactly `service_s` and never errs.
void serve_without_clock(const std::vector<double>& arrivals, double service_s, size_t dropped,
                         std::vector<double>& waits) {
  double free_s = 0;
  for (size_t i = 0; i < arrivals.size(); ++i) {
    const double begin_s = std::max(free_s, arrivals[i]);
    if (i >= dropped) waits.push_back(begin_s - arrivals[i]);
    free_s = begin_s + service_s;
  }
}

void measure(FakeBench& fake, double busy, double seconds, double service_s) {
  const double rate_per_s = busy / service_s;
  std::vector<ServedRequest> requests;
  std::vector<double> waits_without_clock;
  double window_s = 0;
  size_t disturbed = 0;
  for (uint32_t turn = 0; requests.empty() || window_s < seconds; ++turn) {
    const auto arrivals = poisson_arrivals_s(rate_per_s, kTurn, 11, turn);
    const TrafficTurn served = fake.engine->take_traffic_turn(0, {arrivals, kLeadIn});
    window_s += served.noise.window_s;
    if (served.is_disturbed()) {
      ++disturbed;
      continue;
    }
    requests.insert(requests.end(), served.requests.begin(), served.requests.end());
    serve_without_clock(arrivals, service_s, kLeadIn, waits_without_clock);
  }
  const RateFigures figures =
      rate_figures(rate_per_s, 1, requests, (kTurn - kLeadIn) / rate_per_s, 0);
  const DeterministicQueue theory(busy);
  const double unit_s = service_s;
  const double wait = figures.mean_wait_s / unit_s;
  const double p99 = *figures.p99_s / unit_s;
  const double p99_theory = theory.wait_quantile(0.99) + 1;
  const double wait_same = mean(waits_without_clock) / unit_s;
  const double p99_same = percentile(waits_without_clock, 99) / unit_s + 1;
  fmt::print(
      "{:.1f}  {:6.1f} us  {:>7}  {:7.3f} {:7.3f} {:+6.1f}% {:+6.1f}%  {:7.2f} {:7.2f} {:+6.1f}% "
      "{:+6.1f}%  "
      "[{:.2f}, {:.2f}]  {:>5.2f} us  {:>4}  {}\n",
      busy, 1e6 * service_s, requests.size(), wait, theory.mean_wait(),
      100 * (wait / theory.mean_wait() - 1), 100 * (wait / wait_same - 1), p99, p99_theory,
      100 * (p99 / p99_theory - 1), 100 * (p99 / p99_same - 1), figures.p99_interval_s.low / unit_s,
      figures.p99_interval_s.high / unit_s, 1e6 * figures.mean_late_s, disturbed,
      to_string(figures.verdict));
  std::fflush(stdout);
}

// The service time in force: the clock's, and what the loop adds.
double service_s(FakeBench& fake, double nominal_s) {
  const TrafficTurn served =
      fake.engine->take_traffic_turn(0, {poisson_arrivals_s(0.3 / nominal_s, 1000, 1, 9999), 100});
  std::vector<double> services;
  for (const ServedRequest& request : served.requests) services.push_back(request.service_s());
  return median(services);
}

void run(const std::string& model, double seconds) {
  fmt::print(
      "busy  service   requests  wait    theory                  p99     theory                   "
      "p99, "
      "95 % sure   late    disturbed\n");
  for (const Setting& setting : kSettings) {
    FakeBench fake(model, fmt::format("ok,duration_s={}", setting.service_s));
    measure(fake, setting.busy, seconds * setting.share, service_s(fake, setting.service_s));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "Usage: traffic-queue MODEL SECONDS\n");
    return 2;
  }
  return exit_code_of([&] { run(argv[1], std::atof(argv[2])); });
}
