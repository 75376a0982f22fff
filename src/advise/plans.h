// Plans: candidates and a demand in; out, every deployment that meets it, cheapest first, and why
// the others don't. The rule is in docs/advising.md.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "advise/candidates.h"

namespace dnnbench {

inline constexpr int64_t kMaxMachines = 1'000'000;
inline constexpr double kBusy = 0.8;  // a utilisation above it is warned of

// What a deployment is to serve.
struct Demand {
  double throughput_per_s = 0;  // above 0
  std::optional<double> latency_p99_s;
  double headroom = 0;  // share of the capacity to keep free, at least 0 and below 1
  int64_t max_instances = kMaxMachines;
};

// A number of machines of one type. Points into the selection that it was made from.
struct Plan {
  const Deployable* candidate = nullptr;
  int64_t count = 1;
  double usd_per_hour = 0;
  double usd_per_million = 0;   // inferences, at the rate asked for
  double throughput_per_s = 0;  // of all machines without a pause
  double capacity_per_s = 0;    // the rate they sustain under the target and with the headroom
  double utilisation = 0;       // share of the time that they are busy
  Latency latency;
  bool idle = false;  // the latency asked for leaves each of several machines little to do
  std::optional<bool> holds_at_lower_end;     // of the interval; absent where there is none
  std::optional<int64_t> count_at_lower_end;  // machines that it takes there; absent also where no
                                              // number of them is enough
};

struct Target {
  double throughput_per_s = 0;
  std::optional<double> latency_p99_s;
};

// Something that a person should know before trusting a plan.
struct Note {
  std::string label;    // in a word or two
  std::string meaning;  // the label in some more, the same for all plans
  std::string text;     // a sentence about this plan
};

struct Advice {
  std::vector<Plan> plans;
  std::vector<Rejected> rejected;

  // Where there is no plan: targets for which there is one, with the same headroom and limit of
  // machines. The highest rate under the latency asked for, and the lowest latency at the rate
  // asked for, as far as each exists; else both targets changed.
  std::vector<Target> nearest;
};

// Whether a plan comes before another: cheaper, then fewer machines, then more capacity, then by
// name.
bool comes_before(const Plan& a, const Plan& b);

Advice find_plans(const Selection& selection, const Demand& demand);

// The rate that one machine of the candidate sustains, under the target and with the headroom.
double usable_capacity_per_s(const Deployable& candidate, const Demand& demand);

// That many machines of the candidate, serving the demand.
Plan plan_of(const Deployable& candidate, int64_t count, const Demand& demand);

std::vector<Note> notes(const Plan& plan);

}  // namespace dnnbench
