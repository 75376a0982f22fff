#include "sweep.h"

#include <optional>

#include "core/error.h"
#include "process/engine_session.h"
#include "process/simplifier_process.h"
#include "protocol/value_file.h"

namespace dnnbench {
namespace {

constexpr double kTimeout_s = 60;

LoadConfig config_for(const DataSet& data) {
  LoadConfig config;
  config.model_path = data.model_path;
  for (const Value& input : data.inputs) {
    if (input.kind == Value::Kind::kTensor) config.input_shapes[input.name] = input.tensor().shape;
  }
  return config;
}

// Worker processes of one engine, the next one started when it is needed.
class Worker {
 public:
  Worker(const std::string& engine, const std::string& work_folder) : work_folder_(work_folder) {
    options_.engine = engine;
    options_.log_path = work_folder + "/" + engine + ".log";
    options_.timeout_s = kTimeout_s;
  }

  EngineSession& session() {
    if (!session_) session_.emplace(options_, work_folder_);
    return *session_;
  }

  // A process that refused a model serves on; one that failed may be gone or damaged.
  void end_after(const Outcome& outcome) {
    if (outcome.kind != OutcomeKind::kUnsupported) session_.reset();
  }

 private:
  WorkerOptions options_;
  std::string work_folder_;
  std::optional<EngineSession> session_;
};

std::vector<Value> outputs_of(Worker& worker, const LoadConfig& config, const DataSet& data,
                              const std::string& work_folder) {
  const std::string file = work_folder + "/inputs";
  EngineSession& session = worker.session();
  session.load(config);
  write_values(file, data.inputs);
  session.set_inputs(file);
  session.run();
  return session.outputs();
}

// Simplifies in a process that is replaced after a failure.
class Simplifier {
 public:
  explicit Simplifier(const std::string& work_folder) : work_folder_(work_folder) {}

  // Has the configuration name the simplified form, or says why there is none.
  Outcome simplify(LoadConfig& config) {
    config.simplified_path = work_folder_ + "/simplified.onnx";
    try {
      if (!process_) process_.emplace(work_folder_, kTimeout_s);
      process_->simplify(config, config.simplified_path);
      return {};
    } catch (const EngineEnded& ended) {
      if (ended.outcome.kind != OutcomeKind::kUnsupported) process_.reset();
      return ended.outcome;
    }
  }

 private:
  std::string work_folder_;
  std::optional<SimplifierProcess> process_;
};

Outcome run_case(Worker& worker, Simplifier* simplifier, const ConformanceCase& test,
                 const std::string& work_folder) {
  Outcome outcome;
  try {
    for (const DataSet& data : test.data_sets) {
      LoadConfig config = config_for(data);
      if (simplifier != nullptr) outcome = simplifier->simplify(config);
      if (!outcome.ok()) return outcome;
      const std::vector<Value> outputs = outputs_of(worker, config, data, work_folder);
      const std::string why = difference(outputs, data.outputs, test.tolerance);
      if (!why.empty()) return {OutcomeKind::kWrongOutput, why};
    }
  } catch (const EngineEnded& ended) {
    worker.end_after(ended.outcome);
    return ended.outcome;
  }
  return outcome;
}

}  // namespace

Sweep run_sweep(const std::string& engine, bool imports, const std::vector<ConformanceCase>& cases,
                const std::string& work_folder) {
  Worker worker(engine, work_folder);
  Simplifier simplifier(work_folder);
  Sweep sweep;
  for (const ConformanceCase& test : cases) {
    sweep[test.name] = run_case(worker, imports ? &simplifier : nullptr, test, work_folder);
  }
  return sweep;
}

}  // namespace dnnbench
