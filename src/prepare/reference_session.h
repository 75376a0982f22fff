// Sessions of the engine that computes the reference.
#pragma once

#include <string>
#include <vector>

#include "process/engine_session.h"

namespace dnnbench {

// One of ONNX Runtime, with nothing loaded; what it prints goes to work/LOG.log. Throws
// EngineEnded.
EngineSession reference_session(const WorkFolder& work, const std::string& log,
                                double timeout_s = WorkerOptions().timeout_s);

// The outputs for the inputs in a file (protocol/value_file.h). Throws EngineEnded.
std::vector<Value> run_once(EngineSession& session, const std::string& inputs_file);

}  // namespace dnnbench
