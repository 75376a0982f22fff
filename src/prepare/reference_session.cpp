#include "prepare/reference_session.h"

namespace dnnbench {

EngineSession reference_session(const WorkFolder& work, const std::string& log, double timeout_s) {
  WorkerOptions worker;
  worker.engine = "onnxruntime";
  worker.log_path = work.path() + "/" + log + ".log";
  worker.timeout_s = timeout_s;
  return EngineSession(worker, work.path());
}

std::vector<Value> run_once(EngineSession& session, const std::string& inputs_file) {
  session.set_inputs(inputs_file);
  session.run();
  return session.outputs();
}

}  // namespace dnnbench
