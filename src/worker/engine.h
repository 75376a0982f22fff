// Engine: what an inference library must be able to do to be measured. One implementation per
// folder, engines/<name>/engine.cpp, linked into an executable of its own, dnnbench-engine-<name>:
// it lives alone in its process, so it may use globals, print (its stdout and stderr are kept in
// the result's log) and even crash. All calls come from one thread, the process's main thread.
//
// How a call ends: normally; by Unsupported (the engine can't do this model or setting); by Error
// or any std::exception (failed); by std::bad_alloc (out_of_memory).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/tensor.h"
#include "protocol/load_config.h"

namespace dnnbench {

struct Abilities {
  bool imports = false;         // load needs the model's simplified form because the library does
                                // not read ONNX; import/read_graph.h reads it
  bool compiles_ahead = false;  // load may compile ahead of the measurement: LoadTimes::compile_s
  bool tunes = false;           // load can look for faster code: LoadConfig::tune_budget_s
  // Why it can't compute on such a device, a sentence; "" when it can.
  std::string why_not_cpu;
  std::string why_not_gpu = "this engine computes on CPUs only";
};

// Abilities::why_not_cpu of an engine for GPUs.
inline constexpr const char* kOnGpusOnly = "it computes on GPUs only; add --device=gpu";

class Engine {
 public:
  virtual ~Engine() = default;

  // The version of the library that is actually loaded, "1.31.1". May be called before load.
  // Throws Error with the sentence that says what to install when the library is not there.
  virtual std::string version() = 0;

  // What the engine can do beside running ONNX models, with this one of its providers. May be
  // called before load, and before version: the library need not be there.
  virtual Abilities abilities(const std::string& /*provider*/) { return {}; }

  // Reads, converts and compiles a model. Timed once; returns what of that time is reported by
  // itself, the rest is load_s. A second call replaces the first model. Leaves no part of an
  // earlier model behind when it throws.
  virtual LoadTimes load(const LoadConfig& config) = 0;

  // Writes the loaded model in the library's own form, for the library's users, to `path` with an
  // extension of the engine's choice. Returns what it wrote. Never timed. Only of an engine that
  // imports.
  virtual std::string save_converted(const std::string& path) {
    throw Unsupported("this engine reads ONNX itself and converts nothing to " + path);
  }

  // What is then really in force. Never timed. May throw Unsupported where that is not what was
  // asked for.
  virtual InForce in_force() = 0;

  // Hands over the inputs of all following runs, by name. Never timed. Copies what it needs.
  // Throws Error for a name, type or shape that the model does not take.
  virtual void set_inputs(const std::vector<Value>& inputs) = 0;

  // One inference, its outputs complete on return, in host memory unless LoadConfig::io says
  // otherwise. This is the timed call: no allocation, logging or copy that the library does not
  // itself need. A GPU is idle on return: a process that is paused would not stop it.
  virtual void run() = 0;

  // What the last run took by the GPU's own clock, without copies; absent where it is not known.
  // Never timed.
  virtual std::optional<double> gpu_s() { return std::nullopt; }

  // The last run's outputs in the model's order and under its names. Never timed.
  virtual std::vector<Value> outputs() = 0;
};

// Defined by each engine: the one engine of its executable.
std::unique_ptr<Engine> make_engine();

}  // namespace dnnbench
