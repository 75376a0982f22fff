#include "traffic/turn_plan.h"

#include <algorithm>
#include <cmath>

#include "core/statistics.h"
#include "traffic/rate_figures.h"

namespace dnnbench {
namespace {

constexpr double kLeadInRelaxations = 3;
constexpr double kLeadInCalls = 5;  // at least; the engine's own warming up after it stood still
constexpr double kMaxTurns = 10;
// What arrives in a turn ends with it, so a turn must be long against a stall for all that would
// have waited to be seen.
constexpr double kMinTurn_s = 3;
constexpr double kOverloaded_s = 2;   // enough to see that a queue grows
constexpr double kGoodForP99 = 4000;  // independent ones: their p99 is known within about 10 %
constexpr double kMaxKept = 30'000;   // more would only make a larger file

double busy_share(const ExpectedTraffic& expected) {
  return expected.rate_per_s * expected.service_s / static_cast<double>(expected.servers);
}

double relaxation_of(const ExpectedTraffic& expected) {
  return relaxation_s(expected.rate_per_s, expected.service_s * expected.service_s,
                      busy_share(expected), expected.servers);
}

double lead_in_s(const ExpectedTraffic& expected) {
  return std::max(kLeadInRelaxations * relaxation_of(expected), kLeadInCalls / expected.rate_per_s);
}

double good_requests(const ExpectedTraffic& expected) {
  const double correlation = 1 + expected.rate_per_s * relaxation_of(expected);
  return std::min(kGoodForP99 * correlation, kMaxKept);
}

size_t count(double number) { return static_cast<size_t>(std::ceil(std::max(1.0, number))); }

}  // namespace

TrafficTurnPlan plan_turns(const ExpectedTraffic& expected, double budget_s,
                           std::optional<int64_t> requests) {
  if (busy_share(expected) >= 1) {
    const double kept = std::min(budget_s / 3, kOverloaded_s) * expected.rate_per_s;
    return {0, count(std::min(kept, kMaxKept)), 1};
  }
  // Of a turn at most a third is its lead-in, where the queue has no end too.
  const double lead_s = std::min(lead_in_s(expected), budget_s / 3);
  const double min_kept_s = std::max(2 * kMinRelaxations / kLeadInRelaxations * lead_s, kMinTurn_s);
  double turns = std::clamp(std::floor(budget_s / (lead_s + min_kept_s)), 1.0, kMaxTurns);
  double kept =
      std::min((budget_s - turns * lead_s) * expected.rate_per_s, good_requests(expected));
  if (requests) kept = static_cast<double>(*requests);
  turns = std::clamp(std::floor(kept / expected.rate_per_s / min_kept_s), 1.0, turns);
  return {count(lead_s * expected.rate_per_s), count(kept), static_cast<size_t>(turns)};
}

double budget_for_p99_s(double rate_per_s) {
  return std::ceil(1.5 * static_cast<double>(kMinSamplesForP99) /
                   rate_per_s);  // lead-ins take a third at most
}

}  // namespace dnnbench
