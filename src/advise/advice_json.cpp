#include "advise/advice_json.h"

#include "results/or_null.h"

namespace dnnbench {
namespace {

using nlohmann::ordered_json;

const char* name_of(LatencyBasis basis) {
  switch (basis) {
    case LatencyBasis::kMeasuredUnderTraffic:
      return "measured_under_load";
    case LatencyBasis::kQueueingEstimate:
      return "queueing_estimate";
    case LatencyBasis::kMeanEstimate:
      return "mean_queueing_estimate";
  }
  return "";
}

// p99 is null where only a mean is known.
ordered_json latency_json(const Plan& plan) {
  const Speed& speed = plan.candidate->speed;
  const bool has_p99 = plan.latency.basis != LatencyBasis::kMeanEstimate;
  ordered_json alone = {
      {"mean", speed.inference_s()}, {"p99", nullptr}, {"samples", speed.samples}};
  if (plan.candidate->only_under_traffic) alone["mean"] = nullptr;
  if (speed.tail_is_p99()) alone["p99"] = speed.tail_s;
  return {{"p99", has_p99 ? or_null(plan.latency.seconds) : ordered_json()},
          {"mean", has_p99 ? ordered_json() : or_null(plan.latency.seconds)},
          {"basis", name_of(plan.latency.basis)},
          {"one_at_a_time", alone}};
}

ordered_json machine_json(const Deployable& candidate) {
  return {
      {"usd_per_hour", candidate.usd_per_hour},
      {"throughput_per_s", candidate.speed.throughput_per_s()},
      {"throughput_interval_per_s", {or_null(candidate.low_per_s), or_null(candidate.high_per_s)}},
      {"measurements", candidate.measurements},
      {"slowest_per_s", candidate.slowest_per_s},
      {"fastest_per_s", candidate.fastest_per_s},
      {"measured_at",
       candidate.started_at.empty() ? ordered_json() : ordered_json(candidate.started_at)}};
}

ordered_json plan_json(const Plan& plan) {
  const Deployed& what = plan.candidate->what;
  ordered_json warnings = ordered_json::array();
  for (const Note& note : notes(plan)) warnings.push_back(note.text);
  return {{"members",
           {{{"instance", what.instance},
             {"count", plan.count},
             {"engine", what.engine},
             {"settings", what.settings}}}},
          {"usd_per_hour", plan.usd_per_hour},
          {"usd_per_million", plan.usd_per_million},
          {"throughput_per_s", plan.throughput_per_s},
          {"capacity_per_s", plan.capacity_per_s},
          {"latency_s", latency_json(plan)},
          {"utilisation", plan.utilisation},
          {"holds_at_lower_end", or_null(plan.holds_at_lower_end)},
          {"count_at_lower_end", or_null(plan.count_at_lower_end)},
          {"verified", plan.candidate->verified},
          {"machine", machine_json(*plan.candidate)},
          {"warnings", warnings}};
}

// What both answers begin with.
ordered_json question_json(const Question& question) {
  const Demand& demand = question.demand;
  ordered_json asked = {{"model", question.model},
                        {"throughput_per_s", demand.throughput_per_s},
                        {"latency_p99_s", or_null(demand.latency_p99_s)},
                        {"headroom", demand.headroom},
                        {"max_instances", nullptr}};
  if (demand.max_instances < kMaxMachines) asked["max_instances"] = demand.max_instances;
  return {{"asked", asked},
          {"catalogue", question.catalogue},
          {"warnings", question.warnings},
          {"skipped", question.skipped}};
}

}  // namespace

ordered_json to_json(const Question& question, const Advice& advice) {
  ordered_json plans = ordered_json::array(), rejected = ordered_json::array();
  for (const Plan& plan : advice.plans) plans.push_back(plan_json(plan));
  for (const Rejected& one : advice.rejected) {
    rejected.push_back({{"instance", one.what.instance},
                        {"engine", one.what.engine},
                        {"settings", one.what.settings},
                        {"reason", one.reason}});
  }
  ordered_json nearest = ordered_json::array();
  for (const Target& target : advice.nearest) {
    nearest.push_back({{"throughput_per_s", target.throughput_per_s},
                       {"latency_p99_s", or_null(target.latency_p99_s)}});
  }
  ordered_json json = question_json(question);
  json.update({{"plans", plans}, {"rejected", rejected}, {"nearest", nearest}});
  return json;
}

ordered_json to_json(const Question& question, const std::vector<Step>& steps) {
  ordered_json list = ordered_json::array();
  for (const Step& step : steps) {
    list.push_back({{"above_per_s", step.above_per_s},
                    {"up_to_per_s", step.up_to_per_s},
                    {"plan", plan_json(step.plan)}});
  }
  ordered_json json = question_json(question);
  json["steps"] = list;
  return json;
}

}  // namespace dnnbench
