// EngineLoader: has an engine's process load a candidate's prepared model.
#pragma once

#include <functional>
#include <string>

#include "gpu/access.h"
#include "prepare/prepare_model.h"
#include "process/engine_session.h"
#include "process/work_folder.h"
#include "results/engine_facts.h"
#include "run/candidate.h"
#include "run/options.h"

namespace dnnbench {

// What is to be measured, and where it may write.
struct EngineSetup {
  Candidate candidate;         // its streams are how many processes work, alike
  int threads = 1;             // of each process
  std::string label;           // in progress
  std::string log_path;        // of the first process; the others' are log_path's with a number
  std::string converted_path;  // where the converted model is kept, without extension; "": nowhere
  const GpuAccess* gpu = nullptr;  // that it computes on; nullptr: on a CPU
};

class EngineLoader {
 public:
  using Step = std::function<void(const std::string& doing)>;

  // Everything referred to must outlive this. `step` shows what takes long.
  EngineLoader(const RunOptions& options, const PreparedModel& prepared, const EngineSetup& setup,
               const WorkFolder& work, Step step);

  // Returns the seconds spent on compiling and tuning, which a later start will not repeat. Fills
  // in `facts`, as far as it gets, the first time only. Throws EngineEnded where the engine can't
  // load it, or is not the one that was asked for.
  double load(EngineSession& session, LoadFacts& facts) const;

 private:
  void require_version(const std::string& in_force) const;
  void import(LoadConfig& config) const;  // for an engine that does not read ONNX
  void keep_facts(const LoadConfig& config, const Hello& hello, const Loaded& loaded,
                  LoadFacts& facts) const;
  void inspect(const LoadConfig& config, InForce& in_force) const;

  const RunOptions& options_;
  const PreparedModel& prepared_;
  const EngineSetup& setup_;
  const WorkFolder& work_;
  const Step step_;
};

}  // namespace dnnbench
