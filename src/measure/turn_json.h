// Turns and what engines report, as JSON and back without loss: lines of a run's journal
// (measure/journal.h). Reading throws nlohmann::json's exceptions.
#pragma once

#include <nlohmann/json.hpp>

#include "measure/traffic_turn.h"
#include "measure/turn.h"
#include "results/engine_facts.h"

namespace dnnbench {

void to_json(nlohmann::json& to, const LatencyTurn& turn);
void from_json(const nlohmann::json& from, LatencyTurn& turn);
void to_json(nlohmann::json& to, const TrafficTurn& turn);
void from_json(const nlohmann::json& from, TrafficTurn& turn);
void to_json(nlohmann::json& to, const ThroughputTurn& turn);
void from_json(const nlohmann::json& from, ThroughputTurn& turn);
void to_json(nlohmann::json& to, const EngineFacts& facts);
void from_json(const nlohmann::json& from, EngineFacts& facts);
void to_json(nlohmann::json& to, const Outcome& outcome);
void from_json(const nlohmann::json& from, Outcome& outcome);

}  // namespace dnnbench
