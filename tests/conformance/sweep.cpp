#include "sweep.h"

#include <optional>

#include "core/error.h"
#include "protocol/value_file.h"
#include "run/engine_session.h"

namespace dnnbench {
namespace {

constexpr double kTimeout_s = 60;

LoadConfig config_for(const ConformanceCase& test, const TestData& data) {
  LoadConfig config;
  config.model_path = test.folder + "/model.onnx";
  for (const Value& input : data.inputs) {
    if (input.kind == Value::Kind::kTensor) config.input_shapes[input.name] = input.tensor().shape;
  }
  return config;
}

Outcome run_case(EngineSession& session, const ConformanceCase& test,
                 const std::string& work_folder) {
  const std::string file = work_folder + "/inputs";
  for (const TestData& data : test.data_sets) {
    session.load(config_for(test, data));
    write_values(file, data.inputs);
    session.set_inputs(file);
    session.run();
    const std::string why = difference(session.outputs(), data.outputs);
    if (!why.empty()) return {OutcomeKind::kWrongOutput, why};
  }
  return {};
}

}  // namespace

Sweep run_sweep(const std::string& engine, const std::vector<ConformanceCase>& cases,
                const std::string& work_folder) {
  WorkerOptions options;
  options.engine = engine;
  options.log_path = work_folder + "/" + engine + ".log";
  options.timeout_s = kTimeout_s;
  Sweep sweep;
  std::optional<EngineSession> session;
  for (const ConformanceCase& test : cases) {
    Outcome outcome;
    try {
      if (!session) session.emplace(options, work_folder);
      outcome = run_case(*session, test, work_folder);
    } catch (const EngineEnded& ended) {
      outcome = ended.outcome;
      // A process that refused a model serves on; one that failed may be gone or damaged.
      if (outcome.kind != OutcomeKind::kUnsupported) session.reset();
    }
    sweep[test.name] = outcome;
  }
  return sweep;
}

}  // namespace dnnbench
