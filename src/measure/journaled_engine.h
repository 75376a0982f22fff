// JournaledEngine: an engine as the journal knows it. As long as the journal answers, nothing is
// started; an engine that is still measured then is loaded by wake().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "measure/journal.h"
#include "measure/measured_engine.h"

namespace dnnbench {

class JournaledEngine : public MeasuredEngine {
 public:
  // `make` gives the engine itself, not started, or throws EngineEnded. The journal must outlive
  // this; engines are made in the same order in every session of a run.
  using Make = std::function<std::unique_ptr<MeasuredEngine>()>;
  JournaledEngine(Journal& journal, Make make);
  ~JournaledEngine() override;
  JournaledEngine(const JournaledEngine&) = delete;
  JournaledEngine& operator=(const JournaledEngine&) = delete;

  void prepare() override;
  bool wake() override;
  void restart() override;
  LatencyTurn take_turn(size_t input_set, std::optional<int64_t> measurements) override;
  TrafficTurn take_traffic_turn(size_t input_set, const TrafficTurnRequest& request) override;
  ThroughputTurn take_throughput_turn(size_t input_set, double kept_s) override;
  void verify(size_t input_set) override;
  void pause() override;
  double expected_s() const override { return known_.expected_s; }
  double start_s() const override { return known_.start_s; }
  int64_t peak_rss_bytes() const override { return known_.peak_rss_bytes; }
  EngineFacts facts() const override { return known_.facts; }

 private:
  // What the engine reported after its last step.
  struct Known {
    double expected_s = 0;
    double start_s = 0;
    int64_t peak_rss_bytes = 0;
    EngineFacts facts;
  };

  template <typename AnyTurn>
  AnyTurn turn(const std::function<AnyTurn()>& take);
  nlohmann::json step(const std::string& name, const std::function<nlohmann::json()>& live);
  void look();
  void load();
  void check_version() const;

  Journal& journal_;
  Make make_;
  size_t number_;
  std::unique_ptr<MeasuredEngine> engine_;  // absent while the journal answers
  std::optional<EngineFacts> earlier_;      // of the sessions before, where there were any
  bool has_new_facts_ = false;
  Known known_;
};

}  // namespace dnnbench
