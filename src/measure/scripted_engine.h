// For tests: engines without processes, whose every step a test has written, on a clock that moves
// only when one of them computes.
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "measure/participant.h"
#include "measure/surroundings.h"
#include "process/worker_process.h"
#include "run/progress.h"
#include "traffic/queue_for_tests.h"

namespace dnnbench {

// What an engine does.
struct Script {
  double time_s = 0.01;  // of a measurement or a request
  double jitter = 0;     // every other turn's measurements take longer by this share
  double turn_s = 0.2;   // that a turn in latency mode takes
  double start_s = 1;
  double late_s = 0;  // that it begins each request late
  int64_t peak_rss_bytes = 100;
  std::set<size_t> disturbed;  // turns, from 0 on, that something else disturbs
  bool always_disturbed = false;
  std::map<size_t, double> time_s_from;  // of all turns from that one on, instead of time_s
  bool serves = true;                    // requests; false: none of them

  // It ends so at that call of a step, from 0 on: "prepare", "restart", "turn", "verify".
  std::map<std::pair<std::string, size_t>, Outcome> ends;
};

inline Script takes(double time_s) {
  Script script;
  script.time_s = time_s;
  return script;
}

// What all engines of a test share.
struct Stage {
  double now_s = 1000;
  double interrupt_at_s = 1e300;    // Ctrl-C
  int64_t free_memory_bytes = 0;    // 0: unknown
  std::vector<std::string> events;  // "a turn 0": of engine a, on the first set of inputs

  Surroundings surroundings() {
    return {[this] { return free_memory_bytes; }, [this] { return now_s; },
            [this] { return now_s >= interrupt_at_s; }, [](bool) {},
            [] { return TimedProcesses(); }};
  }

  // The engines whose events have this word, in order: "abba".
  std::string who(const std::string& word) const {
    std::string names;
    for (const std::string& event : events) {
      if (event.find(" " + word) != std::string::npos) names += event.substr(0, event.find(' '));
    }
    return names;
  }
};

class ScriptedEngine : public MeasuredEngine {
 public:
  ScriptedEngine(Stage& stage, std::string name, Script script, int streams = 1)
      : stage_(stage), name_(std::move(name)), script_(std::move(script)), streams_(streams) {}
  ~ScriptedEngine() override { stage_.events.push_back(name_ + " gone"); }

  void prepare() override { start("prepare"); }
  void restart() override { start("restart"); }

  LatencyTurn take_turn(size_t input_set, std::optional<int64_t> measurements) override {
    LatencyTurn turn;
    begin_turn(input_set, turn);
    const double time_s = turn_time_s() * (calls_["turn"] % 2 == 0 ? 1 : 1 + script_.jitter);
    const int64_t kept = measurements.value_or(10);
    for (int64_t i = 0; i < kept; ++i) {
      turn.start_s.push_back(stage_.now_s + time_s * static_cast<double>(i));
      turn.duration_s.push_back(time_s);
    }
    end_turn(script_.turn_s, turn);
    return turn;
  }

  TrafficTurn take_traffic_turn(size_t input_set, const TrafficTurnRequest& request) override {
    TrafficTurn turn;
    begin_turn(input_set, turn);
    std::vector<double> arrivals_s;
    for (const double arrival_s : request.arrival_s) arrivals_s.push_back(stage_.now_s + arrival_s);
    turn.requests = serve_in_order(
        arrivals_s, [this](size_t) { return turn_time_s(); }, static_cast<size_t>(streams_));
    if (!script_.serves) turn.requests.clear();
    for (ServedRequest& served : turn.requests) {
      served.begin_s += script_.late_s;
      served.end_s += script_.late_s;
      served.late_s = script_.late_s;
    }
    turn.served = turn.requests.size();
    turn.dropped = static_cast<int64_t>(std::min(request.dropped, turn.served));
    turn.requests.erase(turn.requests.begin(), turn.requests.begin() + turn.dropped);
    turn.length_s = request.arrival_s.back();
    end_turn(request.arrival_s.back(), turn);
    return turn;
  }

  ThroughputTurn take_throughput_turn(size_t input_set, double kept_s) override {
    ThroughputTurn turn;
    begin_turn(input_set, turn);
    StreamTimes times;
    for (double at_s = 0; at_s < kept_s; at_s += turn_time_s()) {
      times.start_s.push_back(stage_.now_s + at_s);
      times.duration_s.push_back(turn_time_s());
    }
    turn.streams.assign(static_cast<size_t>(streams_), times);
    end_turn(kept_s, turn);
    return turn;
  }

  void verify(size_t input_set) override { call("verify", std::to_string(input_set)); }
  void pause() override { stage_.events.push_back(name_ + " pause"); }
  double expected_s() const override { return script_.time_s; }
  double start_s() const override { return script_.start_s; }
  int64_t peak_rss_bytes() const override { return script_.peak_rss_bytes; }

  EngineFacts facts() const override {
    EngineFacts facts;
    facts.peak_rss_bytes = script_.peak_rss_bytes;
    return facts;
  }

 private:
  void call(const std::string& step, const std::string& what = "") {
    stage_.events.push_back(name_ + " " + step + (what.empty() ? "" : " " + what));
    const auto end = script_.ends.find({step, calls_[step]++});
    if (end != script_.ends.end()) throw EngineEnded(end->second);
  }

  void start(const std::string& step) {
    stage_.now_s += script_.start_s;
    call(step);
  }

  void begin_turn(size_t input_set, Turn& turn) {
    if (script_.always_disturbed || script_.disturbed.count(calls_["turn"]) > 0) {
      turn.disturbance = "other programs used 0.80 cores";
    }
    call("turn", std::to_string(input_set));
  }

  // Of the turn that has begun.
  double turn_time_s() const {
    const auto later = script_.time_s_from.upper_bound(calls_.at("turn") - 1);
    return later == script_.time_s_from.begin() ? script_.time_s : std::prev(later)->second;
  }

  void end_turn(double lasted_s, Turn& turn) {
    turn.noise.window_s = lasted_s;
    turn.cpu_s = lasted_s;
    stage_.now_s += lasted_s;
  }

  Stage& stage_;
  std::string name_;
  Script script_;
  int streams_;
  std::map<std::string, size_t> calls_;
};

inline Script ends(Script script, const std::string& step, size_t call,
                   OutcomeKind kind = OutcomeKind::kCrashed) {
  script.ends[{step, call}] = {kind, "as written"};
  return script;
}

struct SilentProgress : NoProgress {
  void note(const std::string& sentence) override { notes.push_back(sentence); }

  std::vector<std::string> notes;
};

// Prepared and paused, as rounds take them: named a, b, c, ...
inline std::vector<Participant> participants(Stage& stage, const std::vector<Script>& scripts) {
  std::vector<Participant> all;
  for (size_t i = 0; i < scripts.size(); ++i) {
    Participant participant;
    participant.index = i;
    participant.label = std::string(1, static_cast<char>('a' + i));
    participant.engine = std::make_unique<ScriptedEngine>(stage, participant.label, scripts[i]);
    all.push_back(std::move(participant));
  }
  return all;
}

}  // namespace dnnbench
