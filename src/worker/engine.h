// Engine: what an inference library must be able to do to be measured. One implementation a
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

class Engine {
 public:
  virtual ~Engine() = default;

  // The version of the library that is actually loaded, "1.31.1". May be called before load.
  // Throws Error with the sentence that says what to install when the library is not there.
  virtual std::string version() = 0;

  // What a user would put after the engine's name to say which of its providers: "cpu".
  virtual std::string variant() { return "cpu"; }

  // Reads, converts and compiles a model. Timed once, as load_s. A second call replaces the first
  // model. Leaves no part of an earlier model behind when it throws.
  virtual void load(const LoadConfig& config) = 0;

  // Whether load needs the model's simplified form (LoadConfig::simplified_path) because the
  // library does not read ONNX: such an engine reads it with import/read_graph.h.
  virtual bool imports() { return false; }

  // Of the last load's duration, the seconds that building the library's own form of the model
  // took; what follows (optimising, compiling, a session) is load_s. Only of an engine that
  // imports.
  virtual double convert_s() { return 0; }

  // Of the last load's duration, the seconds that a compiler took which works ahead of the
  // measurement; absent where there is none or its earlier work was found in the cache.
  virtual std::optional<double> compile_s() { return std::nullopt; }

  // Of the last load's duration, the seconds that the search for faster code took for which
  // LoadConfig::tune_budget_s asks; absent where there was none.
  virtual std::optional<double> tune_s() { return std::nullopt; }

  // Writes the loaded model in the library's own form, for the library's users, to `path` with an
  // extension of the engine's choice. Returns what it wrote. Never timed. Only of an engine that
  // imports.
  virtual std::string save_converted(const std::string& path) {
    throw Unsupported("this engine reads ONNX itself and converts nothing to " + path);
  }

  // Simplifies a model for the engines that import: import/simplify.h says what and where. Returns
  // the seconds it took. Only of the engine that can.
  virtual double simplify(const LoadConfig& config, const std::string& path) {
    throw Unsupported("this engine can't simplify " + config.model_path + " to " + path);
  }

  // What is then really in force. Never timed. May throw Unsupported where that is not what was
  // asked for.
  virtual InForce in_force() = 0;

  // Hands over the inputs of all following runs, by name. Never timed. Copies what it needs.
  // Throws Error for a name, type or shape that the model does not take.
  virtual void set_inputs(const std::vector<Value>& inputs) = 0;

  // One inference, its outputs complete on return. This is the timed call: no allocation, logging
  // or copy that the library does not itself need.
  virtual void run() = 0;

  // The last run's outputs in the model's order and under its names. Never timed.
  virtual std::vector<Value> outputs() = 0;
};

// Defined by each engine: the one engine of its executable.
std::unique_ptr<Engine> make_engine();

}  // namespace dnnbench
