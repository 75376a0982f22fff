#include "advise/plans.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "results/units.h"

namespace dnnbench {
namespace {

// A rate that is exactly a multiple of a machine's capacity must not cost one more by rounding.
constexpr double kAlmostOne = 1 - 1e-9;

// Share of a machine's throughput below which a person should know why so many are needed.
constexpr double kIdle = 0.25;

double machines_for(double throughput_per_s, double capacity_per_s) {
  return std::max(1.0, std::ceil(throughput_per_s / capacity_per_s * kAlmostOne));
}

int64_t max_machines(const Deployable& candidate, const Demand& demand) {
  return candidate.at_least ? 1 : demand.max_instances;
}

std::string too_slow(const Deployable& candidate, const Demand& demand) {
  const Speed& speed = candidate.speed;
  if (!speed.measured_rates.empty()) {
    const MeasuredRate& lowest = speed.measured_rates.front();
    const std::string rate = format_rate(lowest.rate_per_s) + "/s, the lowest measured rate,";
    if (std::isinf(lowest.p99_s)) return rate + " was more than it can do";
    return fmt::format("at {} its p99 exceeds {:g} s", rate, *demand.latency_p99_s);
  }
  return fmt::format("{} exceeds {:g} s: too slow, more machines don't reduce latency",
                     format_seconds(speed.samples > 0 ? speed.tail_s : speed.mean_s),
                     *demand.latency_p99_s);
}

std::string too_many(const Deployable& candidate, const Demand& demand, double capacity_per_s,
                     double count) {
  if (candidate.at_least) {
    return fmt::format("known only to do at least {}/s: how many are needed for {:g}/s is unknown",
                       format_rate(candidate.speed.throughput_per_s()), demand.throughput_per_s);
  }
  if (demand.max_instances == 1) {
    return fmt::format("one machine sustains {}/s{}, less than {:g}/s", format_rate(capacity_per_s),
                       demand.latency_p99_s || demand.headroom > 0 ? " under these conditions" : "",
                       demand.throughput_per_s);
  }
  if (demand.max_instances == kMaxMachines) return "it needs more than a million machines";
  return fmt::format("it needs {:.0f} machines, more than {}", count, demand.max_instances);
}

void add_lower_end(Plan& plan, const Demand& demand) {
  const Deployable& candidate = *plan.candidate;
  if (!candidate.low_per_s) return;
  const double factor = candidate.speed.throughput_per_s() / *candidate.low_per_s;
  const double slower_per_s =
      (1 - demand.headroom) * capacity_per_s(slowed(candidate.speed, factor), demand.latency_p99_s);
  const double count = machines_for(demand.throughput_per_s, slower_per_s);
  plan.holds_at_lower_end = count <= static_cast<double>(plan.count);
  const int64_t max = candidate.at_least ? 1 : kMaxMachines;
  if (count <= static_cast<double>(max)) plan.count_at_lower_end = static_cast<int64_t>(count);
}

// The lowest latency target that as many machines as allowed meet; nothing where they
// don't sustain the rate.
std::optional<double> reachable_latency_s(const Deployable& candidate, const Demand& demand) {
  const auto count = static_cast<double>(max_machines(candidate, demand));
  const double rate_per_s = demand.throughput_per_s / (1 - demand.headroom) / count;
  if (rate_per_s * kAlmostOne > candidate.speed.throughput_per_s()) return std::nullopt;
  return latency_at(candidate.speed, rate_per_s).seconds;
}

std::optional<double> lowest_latency_s(const Selection& selection, const Demand& demand) {
  std::optional<double> lowest_s;
  for (const Deployable& candidate : selection.candidates) {
    const std::optional<double> latency_s = reachable_latency_s(candidate, demand);
    if (latency_s && (!lowest_s || *latency_s < *lowest_s)) lowest_s = latency_s;
  }
  return lowest_s;
}

double max_rate_per_s(const Selection& selection, const Demand& demand) {
  double rate_per_s = 0;
  for (const Deployable& candidate : selection.candidates) {
    const auto count = static_cast<double>(max_machines(candidate, demand));
    rate_per_s = std::max(rate_per_s, count * usable_capacity_per_s(candidate, demand));
  }
  return rate_per_s;
}

std::vector<Target> nearest_targets(const Selection& selection, const Demand& demand) {
  std::vector<Target> nearest;
  const double rate_per_s = max_rate_per_s(selection, demand);
  if (rate_per_s > 0) nearest.push_back({rate_per_s, demand.latency_p99_s});
  if (!demand.latency_p99_s) return nearest;
  const std::optional<double> latency_s = lowest_latency_s(selection, demand);
  if (latency_s) nearest.push_back({demand.throughput_per_s, latency_s});
  if (!nearest.empty()) return nearest;
  Demand relaxed = demand;
  relaxed.latency_p99_s.reset();
  relaxed.throughput_per_s = kBusy * max_rate_per_s(selection, relaxed);
  if (relaxed.throughput_per_s <= 0) return nearest;
  relaxed.latency_p99_s = lowest_latency_s(selection, relaxed);
  if (relaxed.latency_p99_s) nearest.push_back({relaxed.throughput_per_s, relaxed.latency_p99_s});
  return nearest;
}

std::string interval_text(const Deployable& candidate) {
  return candidate.high_per_s ? fmt::format("{} to {}/s", format_rate(*candidate.low_per_s),
                                            format_rate(*candidate.high_per_s))
                              : fmt::format("from {}/s", format_rate(*candidate.low_per_s));
}

std::string sure_count_text(const Plan& plan) {
  if (!plan.count_at_lower_end) return "";
  return fmt::format("; {} of them are enough in all of it", *plan.count_at_lower_end);
}

void add_notes_on_traffic(const Plan& plan, std::vector<Note>& notes) {
  const Deployable& candidate = *plan.candidate;
  if (candidate.only_under_traffic) {
    notes.push_back({"under traffic", "capacity above the measured rates unknown",
                     fmt::format("Each machine is only known to sustain {}/s: no higher rate was "
                                 "measured, nor its throughput without a pause.",
                                 format_rate(candidate.speed.throughput_per_s()))});
  }
  if (plan.utilisation > kBusy && !candidate.at_least && !candidate.only_under_traffic) {
    notes.push_back(
        {"busy", "utilisation above 80 %, so requests queue up",
         fmt::format("Its machines are busy for {:.0f} % of the time: above 80 % requests that "
                     "arrive at random queue up, and a little more traffic or a lost machine is "
                     "too much. --headroom=0.3 keeps some capacity free.",
                     100 * plan.utilisation)});
  }
  if (plan.idle) {
    notes.push_back({"idle",
                     "the latency bound leaves machines less than a quarter of their throughput",
                     fmt::format("The latency bound leaves each machine less than a quarter of its "
                                 "{} inferences/s, so hardly any request waits for another.",
                                 format_rate(candidate.speed.throughput_per_s()))});
  }
  if (plan.holds_at_lower_end == false) {
    notes.push_back({"upper end", "enough only in the upper part of the interval of its throughput",
                     fmt::format("It is enough only in the upper part of the interval of its "
                                 "throughput, {} per machine{}.",
                                 interval_text(candidate), sure_count_text(plan))});
  }
  if (candidate.lacks_interval) {
    notes.push_back({"no interval", "too few windows for an interval of its throughput",
                     "Too few windows were measured for an interval of its throughput, so it may "
                     "be lower."});
  }
}

void add_notes_on_times(const Plan& plan, std::vector<Note>& notes) {
  const Speed& speed = plan.candidate->speed;
  if (plan.latency.basis == LatencyBasis::kQueueingEstimate && !speed.tail_is_p99()) {
    const double confidence = 1 - std::pow(0.99, static_cast<double>(speed.samples));
    notes.push_back(
        {"few samples", "fewer than the 459 that a 99th percentile needs",
         fmt::format("The largest of {} times is used as the 99th percentile, and lies above it "
                     "with a confidence of {:.0f} %; 459 times are needed.",
                     speed.samples, std::floor(100 * confidence))});
  }
  if (plan.candidate->number > 1) {
    notes.push_back(
        {"averages", "each time is the mean of several inferences",
         fmt::format("Each time is the mean of {} inferences, so single ones may take longer than "
                     "its percentile says.",
                     plan.candidate->number)});
  }
}

void add_notes_on_measurements(const Deployable& candidate, std::vector<Note>& notes) {
  if (candidate.cores > 0 && candidate.cores < candidate.machine_cores) {
    notes.push_back(
        {"fewer cores", "measured with a part of the machine's cores",
         fmt::format("It was measured with {:g} of the machine's {:g} cores, so a whole "
                     "machine may do more.",
                     candidate.cores, candidate.machine_cores)});
  }
  if (candidate.measurements <= 1) return;
  notes.push_back(
      {"several", "measured several times, the newest counts",
       fmt::format("Measured {} times, {} to {}/s per machine; the newest counts{}.",
                   candidate.measurements, format_rate(candidate.slowest_per_s),
                   format_rate(candidate.fastest_per_s),
                   candidate.started_at.empty() ? "" : ", of " + candidate.started_at)});
}

}  // namespace

bool comes_before(const Plan& a, const Plan& b) {
  const double a_usd = std::round(a.usd_per_hour * 1e9);
  const double b_usd = std::round(b.usd_per_hour * 1e9);
  // The capacities are swapped: more comes first.
  return std::tie(a_usd, a.count, b.capacity_per_s, a.candidate->what) <
         std::tie(b_usd, b.count, a.capacity_per_s, b.candidate->what);
}

double usable_capacity_per_s(const Deployable& candidate, const Demand& demand) {
  return (1 - demand.headroom) * capacity_per_s(candidate.speed, demand.latency_p99_s);
}

Plan plan_of(const Deployable& candidate, int64_t count, const Demand& demand) {
  const auto machines = static_cast<double>(count);
  Plan plan;
  plan.candidate = &candidate;
  plan.count = count;
  plan.usd_per_hour = machines * candidate.usd_per_hour;
  plan.usd_per_million = plan.usd_per_hour / (3600 * demand.throughput_per_s) * 1e6;
  plan.throughput_per_s = machines * candidate.speed.throughput_per_s();
  plan.capacity_per_s = machines * usable_capacity_per_s(candidate, demand);
  plan.utilisation = demand.throughput_per_s / plan.throughput_per_s;
  plan.latency = latency_at(candidate.speed, demand.throughput_per_s / machines);
  plan.idle = count > 1 && !candidate.only_under_traffic &&
              capacity_per_s(candidate.speed, demand.latency_p99_s) <
                  kIdle * capacity_per_s(candidate.speed, std::nullopt);
  add_lower_end(plan, demand);
  return plan;
}

Advice find_plans(const Selection& selection, const Demand& demand) {
  Advice advice;
  advice.rejected = selection.rejected;
  for (const Deployable& candidate : selection.candidates) {
    const double capacity_per_s = usable_capacity_per_s(candidate, demand);
    if (capacity_per_s <= 0) {
      advice.rejected.push_back({candidate.what, candidate.label, too_slow(candidate, demand)});
      continue;
    }
    const double count = machines_for(demand.throughput_per_s, capacity_per_s);
    if (count > static_cast<double>(max_machines(candidate, demand))) {
      advice.rejected.push_back(
          {candidate.what, candidate.label, too_many(candidate, demand, capacity_per_s, count)});
      continue;
    }
    advice.plans.push_back(plan_of(candidate, static_cast<int64_t>(count), demand));
  }
  std::sort(advice.plans.begin(), advice.plans.end(), comes_before);
  std::sort(advice.rejected.begin(), advice.rejected.end(),
            [](const Rejected& a, const Rejected& b) { return a.what < b.what; });
  if (advice.plans.empty()) advice.nearest = nearest_targets(selection, demand);
  return advice;
}

std::vector<Note> notes(const Plan& plan) {
  const Deployable& candidate = *plan.candidate;
  std::vector<Note> notes;
  add_notes_on_traffic(plan, notes);
  if (!candidate.verified) {
    notes.push_back({"unverified", "outputs were not compared with a reference",
                     "Its outputs were not compared with a reference."});
  }
  if (plan.latency.basis == LatencyBasis::kMeanEstimate) {
    notes.push_back({"mean only", "only the mean time is known, so the 99th percentile is not",
                     "Only its mean time is known: the latency is a mean, estimated as if all "
                     "inferences took equally long, and its 99th percentile is unknown."});
  }
  if (candidate.at_least) {
    notes.push_back({"at least", "only a lower bound of the throughput is known",
                     "Only a lower bound of its throughput is known, and so an upper bound of its "
                     "latency."});
  }
  add_notes_on_times(plan, notes);
  add_notes_on_measurements(candidate, notes);
  return notes;
}

}  // namespace dnnbench
