#include "results/result.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/statistics.h"
#include "protocol/messages.h"
#include "results/or_null.h"

namespace dnnbench {
namespace {

using nlohmann::ordered_json;

constexpr int kSchemaVersion = 1;

ordered_json json_of(const Environment& environment) {
  return {{"cpu_model", environment.cpu_model},
          {"architecture", environment.architecture},
          {"isa", environment.isa},
          {"logical_cores", environment.logical_cores},
          {"physical_cores", environment.physical_cores},
          {"affinity_cores", environment.affinity_cores},
          {"cgroup_cpu_quota", or_null(environment.cgroup_cpu_quota)},
          {"memory_bytes", environment.memory_bytes},
          {"kernel", environment.kernel},
          {"os", environment.os},
          {"container", or_null(environment.container)},
          {"cpu_governor", or_null(environment.cpu_governor)},
          {"hypervisor", or_null(environment.hypervisor)}};
}

ordered_json json_of(const Tolerance& tolerance) {
  return {{"class", to_string(tolerance.tolerance_class)},
          {"absolute", tolerance.absolute},
          {"relative", tolerance.relative},
          {"norm", tolerance.norm}};
}

ordered_json json_of(const Verification& verification) {
  return {{"verdict", to_string(verification.verdict)},
          {"reason", verification.reason},
          {"max_abs_error", or_null(verification.max_abs_error)},
          {"max_rel_error", or_null(verification.max_rel_error)},
          {"norm_error", or_null(verification.norm_error)},
          {"cosine", or_null(verification.cosine)},
          {"top1_agreement", or_null(verification.top1_agreement)},
          {"tolerance", verification.tolerance ? json_of(*verification.tolerance) : ordered_json()},
          {"smallest_detected_error", or_null(verification.smallest_detected_error)}};
}

ordered_json json_of(const Interval& interval) {
  if (!std::isfinite(interval.low) || !std::isfinite(interval.high)) return nullptr;
  return {interval.low, interval.high};
}

std::string_view relation_to_best(const Placing& placing) {
  if (placing.is_best) return "best";
  switch (placing.to_best.relation) {
    case Relation::kSlower:
      return "slower";
    case Relation::kTie:
      return "tie";
    case Relation::kFaster:
    case Relation::kUndecided:
      break;
  }
  return "undecided";
}

ordered_json json_of(const Placing& placing) {
  return {{"confidence", placing.confidence},
          {"engines", placing.engines},
          {"place", placing.place},
          {"relation", relation_to_best(placing)},
          {"vs_best", placing.to_best.value},
          {"vs_best_interval", json_of(placing.to_best.interval)},
          {"decided", placing.decided},
          {"probability", placing.probability},
          {"anchor", placing.anchor.empty() ? ordered_json() : ordered_json(placing.anchor)}};
}

ordered_json noise_of(const Result& result) {
  const Noise& noise = result.noise;
  const auto share = [&](std::optional<double> seconds) {
    const bool known = noise.window_s > 0 && seconds;
    return known ? ordered_json(share_of(*seconds, noise)) : ordered_json();
  };
  return {{"blocks", result.blocks},
          {"blocks_disturbed", result.blocks_disturbed},
          {"run_queue_wait_share", share(noise.waited_s)},
          {"others_share", share(noise.others_s)},
          {"steal_share", share(noise.stolen_s)},
          {"cpu_pressure_share", share(noise.pressure_s)},
          {"involuntary_switches", noise.involuntary_switches},
          {"throttled", noise.throttled},
          {"lowest_mhz", or_null(noise.lowest_mhz)},
          {"highest_mhz", or_null(noise.highest_mhz)},
          {"suspect", is_suspect(result)},
          {"reason", why_suspect(result)}};
}

// Numbers of speed, which only an ok result has.
void add_speed(ordered_json& json, const Result& result) {
  for (const char* key : {"min", "max", "mean", "std", "throughput_per_s", "p50_interval_s",
                          "cpu_s_per_inference", "stopped", "ranking", "load", "throughput"}) {
    json[key] = nullptr;
  }
  json["latency_s"] = ordered_json::object();
  for (const char* key : {"data", "start_s", "block", "starts"}) json[key] = ordered_json::array();
  if (!result.outcome.ok() || result.data.empty()) return;
  json["min"] = min(result.data);
  json["max"] = max(result.data);
  json["mean"] = mean(result.data);
  json["std"] = population_std(result.data);
  json["throughput_per_s"] = or_null(throughput_per_s(result));
  json["latency_s"] = latency_percentiles_s(result);
  if (result.load) json["load"] = to_json(*result.load, result.settings);
  if (result.throughput) json["throughput"] = to_json(*result.throughput);
  if (result.p50_interval_s) json["p50_interval_s"] = json_of(*result.p50_interval_s);
  json["cpu_s_per_inference"] = or_null(result.cpu_s_per_inference);
  if (result.stopped) json["stopped"] = to_string(*result.stopped);
  if (result.placing && may_be_ranked(result)) json["ranking"] = json_of(*result.placing);
  json["data"] = result.data;
  json["start_s"] = result.start_s;
  json["block"] = result.block;
  json["starts"] = result.starts;
}

}  // namespace

double median_latency_s(const Result& result) {
  return median(result.data) / static_cast<double>(result.number);
}

std::optional<double> throughput_per_s(const Result& result) {
  if (result.load) return carried_per_s(*result.load);
  if (result.throughput) {
    const TriedSetting& best = result.throughput->best();
    return best.reason.empty() ? std::optional(best.per_s) : std::nullopt;
  }
  return 1 / median_latency_s(result);
}

std::string_view to_string(Stop stop) {
  switch (stop) {
    case Stop::kDecided:
      return "decided";
    case Stop::kPrecise:
      return "precise";
    case Stop::kBudget:
      return "budget";
    case Stop::kRepeat:
      break;
  }
  return "repeat";
}

bool is_suspect(const Result& result) { return 2 * result.blocks_disturbed > result.blocks; }

std::string why_suspect(const Result& result) {
  if (!is_suspect(result)) return "";
  return fmt::format("in {} of {} blocks the machine was busy with something else: {}",
                     result.blocks_disturbed, result.blocks, result.disturbance);
}

bool may_be_ranked(const Result& result) {
  return result.outcome.ok() && result.verification.verdict == Verdict::kOk && !is_suspect(result);
}

std::map<std::string, double> latency_percentiles_s(const Result& result) {
  std::map<std::string, double> percentiles;
  if (result.load && result.load->figures().verdict != LoadVerdict::kCarried) return percentiles;
  for (const int percent : percentiles_supported(result.data.size())) {
    percentiles["p" + std::to_string(percent)] =
        percentile(result.data, percent) / static_cast<double>(result.number);
  }
  return percentiles;
}

ordered_json to_json(const Result& result) {
  ordered_json json = {{"schema_version", kSchemaVersion},
                       {"model_path", result.model_path},
                       {"output_path", result.output_path},
                       {"backend", result.backend},
                       {"backend_meta", result.backend_meta},
                       {"device", result.device},
                       {"outcome", to_string(result.outcome.kind)},
                       {"reason", result.outcome.reason},
                       {"engine", result.engine},
                       {"engine_version", or_null(result.engine_version)},
                       {"instance", result.instance},
                       {"threads", result.threads},
                       {"precision", result.precision},
                       {"mode", to_string(result.mode)},
                       {"streams", result.streams},
                       {"process_cores", or_null(result.process_cores)},
                       {"batch", or_null(result.batch)},
                       {"number", result.number},
                       {"repeat", or_null(result.repeat)},
                       {"warmup", result.warmup},
                       {"steady", or_null(result.steady)},
                       {"dropped", result.dropped},
                       {"quantize", false},
                       {"size", result.size},
                       {"input_size", result.input_size},
                       {"input_shapes", result.input_shapes},
                       {"seed", result.seed},
                       {"model_sha256", result.model_sha256},
                       {"convert_s", or_null(result.convert_s)},
                       {"compile_s", or_null(result.compile_s)},
                       {"tune_s", or_null(result.tune_s)},
                       {"load_s", or_null(result.load_s)},
                       {"first_run_s", or_null(result.first_run_s)},
                       {"peak_rss_bytes", or_null(result.peak_rss_bytes)}};
  json["in_force"] =
      result.in_force ? ordered_json(nlohmann::json(*result.in_force)) : ordered_json();
  json["verification"] = json_of(result.verification);
  json["environment"] = json_of(result.environment);
  json["started_at"] = result.started_at;
  json["tool_version"] = DNNBENCH_VERSION;
  json["log_path"] = result.log_path.empty() ? ordered_json() : ordered_json(result.log_path);
  json["converted_path"] =
      result.converted_path.empty() ? ordered_json() : ordered_json(result.converted_path);
  json["run_id"] = result.run_id;
  json["noise"] = noise_of(result);
  add_speed(json, result);
  return json;
}

}  // namespace dnnbench
