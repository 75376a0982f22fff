#include <cmath>

#include "core/statistics.h"
#include "gpu/throttle.h"
#include "protocol/messages.h"
#include "results/or_null.h"
#include "results/result.h"
#include "results/result_file.h"

namespace dnnbench {
namespace {

using nlohmann::ordered_json;

ordered_json json_of(const Tolerance& tolerance) {
  return {{"class", to_string(tolerance.tolerance_class)},
          {"absolute", tolerance.absolute},
          {"relative", tolerance.relative},
          {"norm", tolerance.norm}};
}

ordered_json json_of(const SecondOpinion& opinion) {
  return {{"reference", to_string(opinion.reference)},
          {"reason", opinion.reason},
          {"disagreed", opinion.disagreed},
          {"nodes", opinion.nodes},
          {"nodes_checked", opinion.nodes_checked},
          {"elements", opinion.elements},
          {"elements_checked", opinion.elements_checked},
          {"unchecked_operators", opinion.unchecked_operators}};
}

ordered_json json_of(const Verification& verification) {
  return {{"verdict", to_string(verification.verdict)},
          {"reason", verification.reason},
          {"max_abs_error", or_null(verification.max_abs_error)},
          {"max_rel_error", or_null(verification.max_rel_error)},
          {"norm_error", or_null(verification.norm_error)},
          {"cosine", or_null(verification.cosine)},
          {"differing_elements", or_null(verification.differing_elements)},
          {"top1_agreement", or_null(verification.top1_agreement)},
          {"tolerance", verification.tolerance ? json_of(*verification.tolerance) : ordered_json()},
          {"smallest_detected_error", or_null(verification.smallest_detected_error)},
          {"second_opinion",
           verification.second_opinion ? json_of(*verification.second_opinion) : ordered_json()}};
}

ordered_json json_of(const Interval& interval) {
  if (!std::isfinite(interval.low) || !std::isfinite(interval.high)) return nullptr;
  return {interval.low, interval.high};
}

std::string_view relation_to_best(const Rank& rank) {
  if (rank.is_best) return "best";
  switch (rank.to_best.relation) {
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

ordered_json json_of(const Rank& rank) {
  return {{"confidence", rank.confidence},
          {"order", rank.order == Order::kAll ? "all" : "best"},
          {"engines", rank.engines},
          {"place", rank.place},
          {"relation", relation_to_best(rank)},
          {"vs_best", rank.to_best.value},
          {"vs_best_interval", json_of(rank.to_best.interval)},
          {"p50_s", rank.p50_s},
          {"decided", rank.decided},
          {"probability", rank.probability},
          {"anchor", rank.anchor.empty() ? ordered_json() : ordered_json(rank.anchor)}};
}

ordered_json json_of(const RunToRun& known) {
  return {{"ratio", known.ratio},
          {"runs", known.runs},
          {"since", known.since},
          {"of", known.of_others ? "machine" : "candidate"}};
}

ordered_json noise_of(const Result& result) {
  const Measured& measured = result.measured;
  const Noise& noise = measured.noise;
  const auto share = [&](std::optional<double> seconds) {
    const bool known = noise.window_s > 0 && seconds;
    return known ? ordered_json(share_of(*seconds, noise)) : ordered_json();
  };
  return {{"blocks", measured.blocks},
          {"blocks_disturbed", measured.blocks_disturbed},
          {"run_queue_wait_share", share(noise.waited_s)},
          {"others_share", share(noise.others_s)},
          {"steal_share", share(noise.stolen_s)},
          {"quota_share", share(noise.quota_s)},
          {"cpu_pressure_share", share(noise.pressure_s)},
          {"involuntary_switches", noise.involuntary_switches},
          {"throttled", noise.throttled},
          {"lowest_mhz", or_null(noise.lowest_mhz)},
          {"highest_mhz", or_null(noise.highest_mhz)},
          {"suspect", is_suspect(result)},
          {"reason", why_suspect(result)}};
}

// The samples, one array per field.
void add_samples(ordered_json& json, const std::vector<Sample>& samples) {
  for (const char* key : {"data", "start_s", "block"}) json[key] = ordered_json::array();
  for (const Sample& sample : samples) {
    json["data"].push_back(sample.duration_s);
    json["start_s"].push_back(sample.start_s);
    json["block"].push_back(sample.block);
  }
}

// Where the host's processor computes is left out: the device says it.
ordered_json json_of(const InForce& in_force) {
  nlohmann::json json = in_force;
  for (nlohmann::json& place : json["placement"]) place.erase("is_cpu");
  return json;
}

// Numbers of speed, which only an ok result has.
void add_speed(ordered_json& json, const Result& result) {
  for (const char* key :
       {"min", "max", "mean", "std", "throughput_per_s", "p50_interval_s", "cpu_s_per_inference",
        "stopped", "ranking", "run_to_run", "load", "throughput"}) {
    json[key] = nullptr;
  }
  json["latency_s"] = ordered_json::object();
  for (const char* key : {"data", "start_s", "block", "starts"}) json[key] = ordered_json::array();
  const Measured& measured = result.measured;
  if (!result.outcome.ok() || measured.samples.empty()) return;
  const std::vector<double> durations = durations_s(result);
  json["min"] = min(durations);
  json["max"] = max(durations);
  json["mean"] = mean(durations);
  json["std"] = population_std(durations);
  json["throughput_per_s"] = or_null(throughput_per_s(result));
  json["latency_s"] = latency_percentiles_s(result);
  if (measured.traffic) json["load"] = to_json(*measured.traffic, result.settings);
  if (measured.throughput) json["throughput"] = to_json(*measured.throughput);
  if (result.p50_interval_s) json["p50_interval_s"] = json_of(*result.p50_interval_s);
  json["cpu_s_per_inference"] = or_null(cpu_s_per_inference(result));
  if (measured.stopped) json["stopped"] = to_string(*measured.stopped);
  if (result.rank && may_be_ranked(result)) json["ranking"] = json_of(*result.rank);
  if (result.run_to_run) json["run_to_run"] = json_of(*result.run_to_run);
  add_samples(json, measured.samples);
  json["starts"] = measured.starts;
}

std::vector<std::vector<int64_t>> input_size(const ModelFacts& model) {
  std::vector<std::vector<int64_t>> sizes;
  for (const std::string& name : model.input_names) {
    const auto shape = model.input_shapes.find(name);
    if (shape != model.input_shapes.end()) sizes.push_back(shape->second);
  }
  return sizes;
}

// What was measured, and how the engine was asked to.
void add_subject(ordered_json& json, const Result& result) {
  const Candidate& candidate = result.candidate;
  json["device"] = candidate.device;
  json["outcome"] = to_string(result.outcome.kind);
  json["reason"] = result.outcome.reason;
  json["label"] = result.label;
  json["engine"] = candidate.engine;
  json["provider"] = candidate.provider;
  json["engine_version"] = or_null(result.engine.load.engine_version);
  json["instance"] = result.instance;
  json["only_compared_with"] = candidate.only_compared_with;
  json["threads"] = result.threads;
  json["precision"] = candidate.precision;
  json["mode"] = to_string(result.mode);
  json["streams"] = candidate.streams;
  json["process_cores"] = or_null(result.engine.process_cores);
  json["batch"] = or_null(candidate.batch);
  json["number"] = result.number;
  json["repeat"] = or_null(result.repeat);
  json["warmup"] = result.engine.warmup;
  json["steady"] = or_null(result.engine.steady);
  json["dropped"] = result.measured.dropped + result.engine.restart_warmup;
  json["quantize"] = is_quantised(candidate.precision);
  json["size"] = result.model.size_bytes;
  json["input_size"] = input_size(result.model);
  json["input_shapes"] = result.model.input_shapes;
  json["seed"] = result.seed;
  json["model_sha256"] = result.model.sha256;
}

void add_load(ordered_json& json, const EngineFacts& engine) {
  const LoadFacts& load = engine.load;
  json["convert_s"] = or_null(load.convert_s);
  json["compile_s"] = or_null(load.compile_s);
  json["tune_s"] = or_null(load.tune_s);
  json["load_s"] = or_null(load.load_s);
  json["first_run_s"] = or_null(load.first_run_s);
  json["peak_rss_bytes"] = or_null(engine.peak_rss_bytes);
  json["in_force"] = or_null(load.in_force ? std::optional(json_of(*load.in_force)) : std::nullopt);
  json["verification"] = json_of(engine.verification);
}

ordered_json json_of(const VariantFacts& variant) {
  return {{"make_s", variant.make_s},
          {"make_peak_bytes", variant.make_peak_bytes},
          {"from_cache", variant.from_cache},
          {"size_bytes", variant.size_bytes},
          {"calibration", variant.calibration},
          {"calibration_samples", variant.calibration_samples},
          {"products_in_int8", variant.products},
          {"products_in_f32", variant.products_in_f32},
          {"kept_in_f32", variant.kept_in_f32},
          {"saved_path", variant.saved_path}};
}

ordered_json json_of(const Drop& drop) {
  return {{"metric", drop.metric},
          {"rows", drop.rows},
          {"f32", drop.f32_mean()},
          {"lost", drop.lost},
          {"gained", drop.gained},
          {"drop", drop.drop()},
          {"interval", {drop.low(), drop.high()}}};
}

ordered_json json_of(const Accuracy& accuracy) {
  return {{"samples", accuracy.samples},
          {"inputs", accuracy.given ? "samples" : "generated"},
          {"median_error", finite_or_null(accuracy.median_error)},
          {"max_error", finite_or_null(accuracy.max_error)},
          {"min_cosine", accuracy.min_cosine},
          {"top1_agreement", or_null(accuracy.top1_agreement)},
          {"drop", accuracy.drop ? json_of(*accuracy.drop) : ordered_json()}};
}

// Of a run that compares variants.
void add_variant(ordered_json& json, const Result& result) {
  if (result.variant && result.variant->outcome.ok()) json["variant"] = json_of(*result.variant);
  if (result.engine.accuracy) json["accuracy"] = json_of(*result.engine.accuracy);
  if (result.acceptance) {
    json["acceptance"] = {{"accepted", or_null(result.acceptance->accepted)},
                          {"reason", result.acceptance->reason},
                          {"max_error", or_null(result.acceptance->bounds.max_error)},
                          {"max_drop", or_null(result.acceptance->bounds.max_drop)}};
  }
  if (result.to_f32) {
    json["vs_f32"] = {{"value", result.to_f32->value},
                      {"interval", json_of(result.to_f32->interval)}};
  }
}

ordered_json text_or_null(const std::string& text) {
  return text.empty() ? ordered_json() : ordered_json(text);
}

// Of a result on a GPU.
ordered_json json_of(const GpuFacts& facts, const GpuMeasured& measured) {
  const GpuDevice& device = facts.device;
  const bool knows_energy = measured.energy_inferences > 0;
  const auto energy_j =
      knows_energy
          ? std::optional(measured.energy_j / static_cast<double>(measured.energy_inferences))
          : std::nullopt;
  const auto compute_s =
      measured.compute_s.empty() ? std::nullopt : std::optional(median(measured.compute_s));
  return {{"name", device.name},
          {"uuid", device.uuid},
          {"is_mig", device.is_mig},
          {"sm", device.sm_major * 10 + device.sm_minor},
          {"memory_bytes", device.memory_bytes},
          {"driver", text_or_null(facts.driver)},
          {"cuda", facts.cuda},
          {"ecc", or_null(facts.ecc)},
          {"mig", or_null(facts.mig)},
          {"max_sm_mhz", or_null(facts.max_sm_mhz)},
          {"max_memory_mhz", or_null(facts.max_memory_mhz)},
          {"power_limit_w", or_null(facts.power_limit_w)},
          {"lowest_sm_mhz", or_null(measured.lowest_sm_mhz)},
          {"highest_sm_mhz", or_null(measured.highest_sm_mhz)},
          {"highest_temperature_c", or_null(measured.highest_temperature_c)},
          {"throttle", throttle::names(measured.throttle)},
          {"peak_memory_bytes", or_null(measured.peak_memory_bytes)},
          {"compute_p50_s", or_null(compute_s)},
          {"energy_j_per_inference", or_null(energy_j)}};
}

}  // namespace

ordered_json to_json(const Environment& environment) {
  return {{"cpu_model", environment.cpu_model},
          {"architecture", environment.architecture},
          {"isa", environment.isa},
          {"logical_cores", environment.logical_cores},
          {"physical_cores", environment.physical_cores},
          {"affinity_cores", environment.affinity_cores},
          {"cores", text_or_null(environment.cores)},
          {"cgroup_cpu_quota", or_null(environment.cgroup_cpu_quota)},
          {"memory_bytes", environment.memory_bytes},
          {"kernel", environment.kernel},
          {"os", environment.os},
          {"container", or_null(environment.container)},
          {"cpu_governor", or_null(environment.cpu_governor)},
          {"hypervisor", or_null(environment.hypervisor)}};
}

ordered_json to_json(const Result& result) {
  ordered_json json = {{"schema_version", kSchemaVersion},
                       {"model_path", result.model.path},
                       {"output_path", result.output_path},
                       {"backend", result.candidate.backend},
                       {"backend_meta", result.backend_meta}};
  add_subject(json, result);
  add_load(json, result.engine);
  add_variant(json, result);
  json["environment"] = to_json(result.environment);
  if (result.gpu) json["gpu"] = json_of(*result.gpu, result.measured.gpu);
  json["started_at"] = result.started_at;
  json["tool_version"] = DNNBENCH_VERSION;
  json["sessions"] = result.engine.sessions;
  json["log_path"] = text_or_null(result.log_path);
  json["converted_path"] = text_or_null(result.engine.load.converted_path);
  json["run_id"] = result.run_id;
  json["noise"] = noise_of(result);
  add_speed(json, result);
  return json;
}

}  // namespace dnnbench
