// Turns and what engines report, as JSON and back without loss: lines of a run's journal
// (measure/journal.h), which only the build that wrote them reads: enumerations are numbers.
// Reading throws nlohmann::json's exceptions.
#pragma once

#include <nlohmann/json.hpp>

#include "measure/traffic_turn.h"
#include "measure/turn.h"
#include "protocol/messages.h"
#include "results/engine_facts.h"

namespace dnnbench {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Drop, metric, rows, f32, lost, gained)
// By hand, since JSON has no infinity.
void to_json(nlohmann::json& to, const Accuracy& accuracy);
void from_json(const nlohmann::json& from, Accuracy& accuracy);

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Noise, window_s, waited_s, others_s, stolen_s, quota_s,
                                   pressure_s, involuntary_switches, throttled, lowest_mhz,
                                   highest_mhz)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ServedRequest, intended_s, begin_s, end_s, late_s)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StreamTimes, start_s, duration_s)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(GpuTurn, sm_mhz, temperature_c, throttle, energy_j, memory_bytes,
                                   compute_s)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LatencyTurn, cpu_s, noise, disturbance, dropped, gpu, start_s,
                                   duration_s)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TrafficTurn, cpu_s, spun_s, noise, disturbance, dropped, gpu,
                                   requests, length_s, served, unserved)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ThroughputTurn, cpu_s, noise, disturbance, dropped, gpu, streams)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LoadFacts, engine_version, convert_s, compile_s, tune_s, load_s,
                                   in_force, first_run_s, converted_path)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SecondOpinion, reference, reason, disagreed, nodes,
                                   nodes_checked, elements, elements_checked, unchecked_operators)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Tolerance, tolerance_class, absolute, relative, norm)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Verification, verdict, reason, max_abs_error, max_rel_error,
                                   norm_error, cosine, top1_agreement, tolerance,
                                   smallest_detected_error, differing_elements, second_opinion)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EngineFacts, load, warmup, steady, restart_warmup, process_cores,
                                   peak_rss_bytes, sessions, verification, accuracy)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Outcome, kind, reason)

}  // namespace dnnbench
