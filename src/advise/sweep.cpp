#include "advise/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "results/units.h"

namespace dnnbench {
namespace {

constexpr size_t kMaxSteps = 100'000;

struct Offer {
  const Deployable* candidate;
  double capacity_per_s;  // of one machine
};

std::vector<Offer> offers(const Selection& selection, const Demand& demand) {
  std::vector<Offer> offers;
  for (const Deployable& candidate : selection.candidates) {
    const double capacity_per_s = usable_capacity_per_s(candidate, demand);
    if (capacity_per_s > 0) offers.push_back({&candidate, capacity_per_s});
  }
  return offers;
}

// No more of a plan than its place in the order depends on.
std::optional<Plan> plan_above(const Offer& offer, double rate_per_s, int64_t max_instances) {
  const double count = std::floor(rate_per_s / offer.capacity_per_s * (1 + 1e-9)) + 1;
  if (count > static_cast<double>(offer.candidate->at_least ? 1 : max_instances)) {
    return std::nullopt;
  }
  Plan plan;
  plan.candidate = offer.candidate;
  plan.count = static_cast<int64_t>(count);
  plan.usd_per_hour = count * offer.candidate->usd_per_hour;
  plan.capacity_per_s = count * offer.capacity_per_s;
  return plan;
}

std::optional<Plan> best_plan_above(const std::vector<Offer>& offers, double rate_per_s,
                                    int64_t max_instances) {
  std::optional<Plan> best;
  for (const Offer& offer : offers) {
    const std::optional<Plan> plan = plan_above(offer, rate_per_s, max_instances);
    if (plan && (!best || comes_before(*plan, *best))) best = plan;
  }
  return best;
}

}  // namespace

std::vector<Step> sweep(const Selection& selection, const Demand& demand) {
  const std::vector<Offer> all = offers(selection, demand);
  std::vector<Step> steps;
  double above_per_s = 0;
  while (above_per_s < demand.throughput_per_s * (1 - 1e-9)) {
    const std::optional<Plan> best = best_plan_above(all, above_per_s, demand.max_instances);
    if (!best) break;
    if (steps.size() == kMaxSteps) {
      throw UsageError(
          fmt::format("the best plan changes more than {} times up to {}/s; give a lower "
                      "--throughput",
                      kMaxSteps, format_rate(demand.throughput_per_s)));
    }
    Demand at_end = demand;
    at_end.throughput_per_s = std::min(best->capacity_per_s, demand.throughput_per_s);
    steps.push_back(
        {above_per_s, at_end.throughput_per_s, plan_of(*best->candidate, best->count, at_end)});
    above_per_s = best->capacity_per_s;
  }
  return steps;
}

}  // namespace dnnbench
