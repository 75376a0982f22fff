// traffic-stall MODEL: an engine that answers in 1 ms and stalls once, for half a second. How many
// of 2,000 requests show the stall, by a closed loop, which sends none while it stalls, and by load
// mode, where they go on arriving: coordinated omission, and its absence.

#include <fmt/format.h>

#include <vector>

#include "core/error.h"
#include "core/statistics.h"
#include "fake_bench.h"
#include "traffic/arrivals.h"

using namespace dnnbench;

namespace {

constexpr double kService_s = 0.001;
constexpr double kStall_s = 0.5;
constexpr double kShows_s = 0.05;  // a request shows the stall when it took so long
constexpr size_t kRequests = 2'000;
constexpr double kRates_per_s[] = {100, 200, 400};

std::string stalls_after(size_t calls) {
  return fmt::format("stall,duration_s={},calls={},stall_s={}", kService_s, calls, kStall_s);
}

size_t showing(const std::vector<double>& latencies) {
  size_t found = 0;
  for (const double latency : latencies) found += latency > kShows_s ? 1 : 0;
  return found;
}

void print(const std::string& name, const std::vector<double>& latencies, double expected) {
  fmt::print("{:<24} {:>5} {:>9.1f}   p99 {:>6.1f} ms  longest {:>6.1f} ms\n", name,
             showing(latencies), expected, 1e3 * percentile(latencies, 99), 1e3 * max(latencies));
}

// The calls before the first that is measured: the warm-up, and one for each verification.
constexpr size_t kCallsBefore = 100 + 2;

void closed_loop(const std::string& model) {
  FakeBench fake(model, stalls_after(kCallsBefore + kRequests / 2));
  const LatencyTurn turn = fake.engine->take_turn(0, kRequests);
  print("one after the other", turn.duration_s, 1);
}

// In a stall of length S, requests that arrive at rate r wait for its rest and for those before
// them: S - (1 - r s) t at time t after its beginning. Longer than a limit L wait those of the
// first (S - L) / (1 - r s).
void open_loop(const std::string& model, double rate_per_s) {
  FakeBench fake(model, stalls_after(kCallsBefore + kRequests / 2));
  const auto arrivals = poisson_arrivals_s(rate_per_s, kRequests, 5, 0);
  const TrafficTurn turn = fake.engine->take_traffic_turn(0, {arrivals, 0});
  std::vector<double> latencies;
  for (const ServedRequest& request : turn.requests) latencies.push_back(request.latency_s());
  const double expected =
      rate_per_s * (kStall_s + kService_s - kShows_s) / (1 - rate_per_s * kService_s);
  print(fmt::format("load, {:g} a second", rate_per_s), latencies, expected);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "Usage: traffic-stall MODEL\n");
    return 2;
  }
  return exit_code_of([&] {
    fmt::print("                         shown by theory\n");
    closed_loop(argv[1]);
    for (const double rate_per_s : kRates_per_s) open_loop(argv[1], rate_per_s);
  });
}
