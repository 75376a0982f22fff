#include "measure/turn_json.h"

#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "core/error.h"
#include "protocol/messages.h"

namespace dnnbench {

using nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Noise, window_s, waited_s, others_s, stolen_s, pressure_s,
                                   involuntary_switches, throttled, lowest_mhz, highest_mhz)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ServedRequest, intended_s, begin_s, end_s, late_s)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StreamTimes, start_s, duration_s)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LoadFacts, engine_version, convert_s, compile_s, tune_s, load_s,
                                   in_force, first_run_s, converted_path)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(GpuTurn, sm_mhz, temperature_c, throttle, energy_j, memory_bytes,
                                   compute_s)

namespace {

json of_every_kind(const Turn& turn) {
  return {{"cpu_s", turn.cpu_s},
          {"noise", turn.noise},
          {"disturbance", turn.disturbance},
          {"dropped", turn.dropped},
          {"gpu", turn.gpu}};
}

void read_every_kind(const json& from, Turn& turn) {
  from.at("cpu_s").get_to(turn.cpu_s);
  from.at("noise").get_to(turn.noise);
  from.at("disturbance").get_to(turn.disturbance);
  from.at("dropped").get_to(turn.dropped);
  from.at("gpu").get_to(turn.gpu);
}

template <typename Enum, size_t kCount>
Enum named(const json& name, const Enum (&values)[kCount]) {
  for (const Enum value : values) {
    if (name == std::string(to_string(value))) return value;
  }
  throw Error("the journal has an unknown name: " + name.dump());
}

json json_of(const std::optional<SecondOpinion>& opinion) {
  if (!opinion) return nullptr;
  return {{"reference", std::string(to_string(opinion->reference))},
          {"reason", opinion->reason},
          {"disagreed", opinion->disagreed},
          {"nodes", opinion->nodes},
          {"nodes_checked", opinion->nodes_checked},
          {"elements", opinion->elements},
          {"elements_checked", opinion->elements_checked},
          {"unchecked_operators", opinion->unchecked_operators}};
}

std::optional<SecondOpinion> read_second_opinion(const json& from) {
  constexpr ReferenceState kStates[] = {ReferenceState::kRight, ReferenceState::kWrong,
                                        ReferenceState::kUnknown};
  if (from.is_null()) return std::nullopt;
  return SecondOpinion{named(from.at("reference"), kStates),
                       from.at("reason"),
                       from.at("disagreed"),
                       from.at("nodes"),
                       from.at("nodes_checked"),
                       from.at("elements"),
                       from.at("elements_checked"),
                       from.at("unchecked_operators")};
}

json json_of(const Verification& verification) {
  json to = {{"verdict", std::string(to_string(verification.verdict))},
             {"reason", verification.reason},
             {"max_abs_error", verification.max_abs_error},
             {"max_rel_error", verification.max_rel_error},
             {"norm_error", verification.norm_error},
             {"cosine", verification.cosine},
             {"differing_elements", verification.differing_elements},
             {"top1_agreement", verification.top1_agreement},
             {"smallest_detected_error", verification.smallest_detected_error},
             {"second_opinion", json_of(verification.second_opinion)},
             {"tolerance", nullptr}};
  if (!verification.tolerance) return to;
  const Tolerance& tolerance = *verification.tolerance;
  to["tolerance"] = {{"class", std::string(to_string(tolerance.tolerance_class))},
                     {"absolute", tolerance.absolute},
                     {"relative", tolerance.relative},
                     {"norm", tolerance.norm}};
  return to;
}

Verification read_verification(const json& from) {
  constexpr Verdict kVerdicts[] = {Verdict::kOk, Verdict::kWrong, Verdict::kUnverified};
  constexpr ToleranceClass kClasses[] = {ToleranceClass::kInteger, ToleranceClass::kF32,
                                         ToleranceClass::kF16, ToleranceClass::kBf16,
                                         ToleranceClass::kQuantised};
  Verification verification;
  verification.verdict = named(from.at("verdict"), kVerdicts);
  from.at("reason").get_to(verification.reason);
  from.at("max_abs_error").get_to(verification.max_abs_error);
  from.at("max_rel_error").get_to(verification.max_rel_error);
  from.at("norm_error").get_to(verification.norm_error);
  from.at("cosine").get_to(verification.cosine);
  from.at("differing_elements").get_to(verification.differing_elements);
  from.at("top1_agreement").get_to(verification.top1_agreement);
  from.at("smallest_detected_error").get_to(verification.smallest_detected_error);
  verification.second_opinion = read_second_opinion(from.at("second_opinion"));
  const json& tolerance = from.at("tolerance");
  if (tolerance.is_null()) return verification;
  verification.tolerance = {named(tolerance.at("class"), kClasses), tolerance.at("absolute"),
                            tolerance.at("relative"), tolerance.at("norm")};
  return verification;
}

// Absent or not finite: null.
json number_or_null(double value) { return std::isfinite(value) ? json(value) : json(); }

double read_number(const json& from) {
  return from.is_null() ? std::numeric_limits<double>::infinity() : from.get<double>();
}

json json_of(const std::optional<Accuracy>& accuracy) {
  if (!accuracy) return nullptr;
  json drop;
  if (accuracy->drop) {
    const Drop& of = *accuracy->drop;
    drop = {of.metric, of.rows, of.f32, of.lost, of.gained};
  }
  return {{"samples", accuracy->samples},
          {"given", accuracy->given},
          {"median_error", number_or_null(accuracy->median_error)},
          {"max_error", number_or_null(accuracy->max_error)},
          {"min_cosine", accuracy->min_cosine},
          {"top1_agreement", accuracy->top1_agreement},
          {"drop", drop},
          {"no_drop", accuracy->no_drop}};
}

std::optional<Accuracy> read_accuracy(const json& from) {
  if (from.is_null()) return std::nullopt;
  Accuracy accuracy;
  from.at("samples").get_to(accuracy.samples);
  from.at("given").get_to(accuracy.given);
  accuracy.median_error = read_number(from.at("median_error"));
  accuracy.max_error = read_number(from.at("max_error"));
  from.at("min_cosine").get_to(accuracy.min_cosine);
  from.at("top1_agreement").get_to(accuracy.top1_agreement);
  const json& drop = from.at("drop");
  if (!drop.is_null()) {
    accuracy.drop = Drop{drop.at(0), drop.at(1), drop.at(2), drop.at(3), drop.at(4)};
  }
  from.at("no_drop").get_to(accuracy.no_drop);
  return accuracy;
}

}  // namespace

void to_json(json& to, const LatencyTurn& turn) {
  to = of_every_kind(turn);
  to["start_s"] = turn.start_s;
  to["duration_s"] = turn.duration_s;
}

void from_json(const json& from, LatencyTurn& turn) {
  read_every_kind(from, turn);
  from.at("start_s").get_to(turn.start_s);
  from.at("duration_s").get_to(turn.duration_s);
}

void to_json(json& to, const TrafficTurn& turn) {
  to = of_every_kind(turn);
  to["requests"] = turn.requests;
  to["length_s"] = turn.length_s;
  to["served"] = turn.served;
  to["unserved"] = turn.unserved;
}

void from_json(const json& from, TrafficTurn& turn) {
  read_every_kind(from, turn);
  from.at("requests").get_to(turn.requests);
  from.at("length_s").get_to(turn.length_s);
  from.at("served").get_to(turn.served);
  from.at("unserved").get_to(turn.unserved);
}

void to_json(json& to, const ThroughputTurn& turn) {
  to = of_every_kind(turn);
  to["streams"] = turn.streams;
}

void from_json(const json& from, ThroughputTurn& turn) {
  read_every_kind(from, turn);
  from.at("streams").get_to(turn.streams);
}

void to_json(json& to, const EngineFacts& facts) {
  to = {{"load", facts.load},
        {"warmup", facts.warmup},
        {"steady", facts.steady},
        {"restart_warmup", facts.restart_warmup},
        {"process_cores", facts.process_cores},
        {"peak_rss_bytes", facts.peak_rss_bytes},
        {"sessions", facts.sessions},
        {"verification", json_of(facts.verification)},
        {"accuracy", json_of(facts.accuracy)}};
}

void from_json(const json& from, EngineFacts& facts) {
  from.at("load").get_to(facts.load);
  from.at("warmup").get_to(facts.warmup);
  from.at("steady").get_to(facts.steady);
  from.at("restart_warmup").get_to(facts.restart_warmup);
  from.at("process_cores").get_to(facts.process_cores);
  from.at("peak_rss_bytes").get_to(facts.peak_rss_bytes);
  from.at("sessions").get_to(facts.sessions);
  facts.verification = read_verification(from.at("verification"));
  facts.accuracy = read_accuracy(from.at("accuracy"));
}

void to_json(json& to, const Outcome& outcome) {
  to = {{"kind", std::string(to_string(outcome.kind))}, {"reason", outcome.reason}};
}

void from_json(const json& from, Outcome& outcome) {
  outcome.kind = outcome_kind_from_string(from.at("kind").get<std::string>());
  from.at("reason").get_to(outcome.reason);
}

}  // namespace dnnbench
