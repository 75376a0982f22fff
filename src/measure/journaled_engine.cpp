#include "measure/journaled_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "measure/turn_json.h"
#include "process/interrupt.h"
#include "process/worker_process.h"

namespace dnnbench {
namespace {

using nlohmann::json;

void shift(std::vector<double>& times_s, double by_s) {
  for (double& time_s : times_s) time_s += by_s;
}

void shift(LatencyTurn& turn, double by_s) { shift(turn.start_s, by_s); }

void shift(TrafficTurn& turn, double by_s) {
  for (ServedRequest& request : turn.requests) {
    request.intended_s += by_s;
    request.begin_s += by_s;
    request.end_s += by_s;
  }
}

void shift(ThroughputTurn& turn, double by_s) {
  for (StreamTimes& stream : turn.streams) shift(stream.start_s, by_s);
}

double end_of(const LatencyTurn& turn) {
  return turn.start_s.empty() ? 0 : turn.start_s.back() + turn.duration_s.back();
}

double end_of(const TrafficTurn& turn) {
  return turn.requests.empty() ? 0 : turn.requests.back().end_s;
}

double end_of(const ThroughputTurn& turn) {
  double end_s = 0;
  for (const StreamTimes& stream : turn.streams) {
    if (stream.start_s.empty()) continue;
    end_s = std::max(end_s, stream.start_s.back() + stream.duration_s.back());
  }
  return end_s;
}

// Of a session and those before it: the first loading counts, and the worst verdict.
EngineFacts together(const EngineFacts& earlier, const EngineFacts& now) {
  EngineFacts facts = earlier;
  facts.restart_warmup += now.warmup + now.restart_warmup;
  if (facts.steady) facts.steady = *facts.steady && now.steady.value_or(true);
  facts.peak_rss_bytes =
      std::max(earlier.peak_rss_bytes.value_or(0), now.peak_rss_bytes.value_or(0));
  facts.process_cores = now.process_cores;
  const bool was_ok = earlier.verification.verdict == Verdict::kOk;
  if (was_ok && now.verification.verdict != Verdict::kOk) facts.verification = now.verification;
  if (now.verification.verdict == Verdict::kWrong) facts.verification = now.verification;
  facts.sessions = earlier.sessions + now.sessions;
  return facts;
}

}  // namespace

JournaledEngine::JournaledEngine(Journal& journal, Make make)
    : journal_(journal), make_(std::move(make)), number_(journal.new_engine()) {}

JournaledEngine::~JournaledEngine() { journal_.expect_memory(number_, 0); }

// Live, its end or its Error is kept as well. The answer holds what it reported of itself.
json JournaledEngine::step(const std::string& name, const std::function<json()>& live) {
  const json answer = journal_.answer(fmt::format("{} {}", number_, name), [&] {
    json record;
    try {
      record["is"] = live();
    } catch (const EngineEnded& ended) {
      record["ended"] = ended.outcome;
      has_new_facts_ = true;
    } catch (const Error& error) {
      record["error"] = error.what();
    }
    look();
    record["expected_s"] = known_.expected_s;
    record["start_s"] = known_.start_s;
    record["peak_rss_bytes"] = known_.peak_rss_bytes;
    if (std::exchange(has_new_facts_, false)) record["facts"] = known_.facts;
    return record;
  });
  answer.at("expected_s").get_to(known_.expected_s);
  answer.at("start_s").get_to(known_.start_s);
  answer.at("peak_rss_bytes").get_to(known_.peak_rss_bytes);
  if (answer.contains("facts")) answer.at("facts").get_to(known_.facts);
  journal_.expect_memory(number_, engine_ ? 0 : known_.peak_rss_bytes);
  if (answer.contains("ended")) throw EngineEnded(answer.at("ended").get<Outcome>());
  if (answer.contains("error")) throw Error(answer.at("error").get<std::string>());
  return answer.at("is");
}

void JournaledEngine::look() {
  if (!engine_) return;
  known_.expected_s = engine_->expected_s();
  known_.start_s = engine_->start_s();
  known_.peak_rss_bytes = engine_->peak_rss_bytes();
  known_.facts = earlier_ ? together(*earlier_, engine_->facts()) : engine_->facts();
}

// One that an interrupt has cut short is not loaded.
void JournaledEngine::load() {
  engine_ = make_();
  try {
    engine_->prepare();
  } catch (const Interrupted&) {
    engine_.reset();
    throw;
  }
}

void JournaledEngine::prepare() {
  step("prepare", [this] {
    has_new_facts_ = true;
    load();
    return json();
  });
}

bool JournaledEngine::wake() {
  const json woken = step("wake", [this] {
    if (engine_) return json(false);
    has_new_facts_ = true;
    earlier_ = known_.facts;
    journal_.without_time([this] {
      load();
      engine_->pause();
    });
    check_version();
    return json(true);
  });
  return woken.get<bool>();
}

void JournaledEngine::check_version() const {
  const auto version = engine_->facts().load.engine_version;
  if (version == earlier_->load.engine_version) return;
  throw Error(
      fmt::format("the journal {} is of another version of an engine ({}, now {}); delete "
                  "it to start over",
                  journal_.path(), earlier_->load.engine_version.value_or("unknown"),
                  version.value_or("unknown")));
}

void JournaledEngine::restart() {
  step("restart", [this] {
    has_new_facts_ = true;
    if (engine_) engine_->restart();
    return json();
  });
}

template <typename AnyTurn>
AnyTurn JournaledEngine::turn(const std::function<AnyTurn()>& take) {
  const json taken = step("turn", [&] {
    AnyTurn turn = take();
    shift(turn, journal_.clock_offset_s());
    return json(turn);
  });
  auto turn = taken.get<AnyTurn>();
  journal_.saw(end_of(turn));
  return turn;
}

LatencyTurn JournaledEngine::take_turn(size_t input_set, std::optional<int64_t> measurements) {
  return turn<LatencyTurn>([&] { return engine_->take_turn(input_set, measurements); });
}

TrafficTurn JournaledEngine::take_traffic_turn(size_t input_set,
                                               const TrafficTurnRequest& request) {
  return turn<TrafficTurn>([&] { return engine_->take_traffic_turn(input_set, request); });
}

ThroughputTurn JournaledEngine::take_throughput_turn(size_t input_set, double kept_s) {
  return turn<ThroughputTurn>([&] { return engine_->take_throughput_turn(input_set, kept_s); });
}

// What an engine of an earlier session computed last is gone with it.
void JournaledEngine::verify(size_t input_set) {
  step("verify", [&] {
    has_new_facts_ = true;
    if (engine_) engine_->verify(input_set);
    return json();
  });
}

void JournaledEngine::pause() {
  if (engine_) engine_->pause();
}

}  // namespace dnnbench
