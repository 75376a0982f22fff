// Engine: what an inference library must be able to do to be measured. One implementation a
// folder, engines/<name>/engine.cpp, linked into an executable of its own, dnnbench-engine-<name>:
// it lives alone in its process, so it may use globals, print (its stdout and stderr are kept in
// the result's log) and even crash. All calls come from one thread, the process's main thread.
//
// How a call ends: normally; by Unsupported (the engine can't do this model or setting); by Error
// or any std::exception (failed); by std::bad_alloc (out_of_memory).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace dnnbench {

struct LoadConfig {
  std::string model_path;
  std::string device = "cpu";     // cpu, gpu or arm
  std::string variant;            // which of the engine's providers: its backend_meta; "" its usual
  std::string precision = "f32";  // f32, f16, bf16, or default (what the engine would choose)
  int threads = 1;                // threads that compute one inference
  bool optimize = true;           // false: the engine's plainest form (the reference)
  std::map<std::string, std::vector<int64_t>> input_shapes;  // every dimension of every tensor
                                                             // input; may be empty: the model's own
};

// Where a part of the model really runs.
struct Placement {
  std::string device;  // "CPU", a GPU's name, or an execution provider
  int64_t nodes = 0;   // of the graph that the engine executes
};

// What is really in force after loading, read back from the library where it can be read.
struct InForce {
  std::string precision;             // "f32", "f16", "bf16", or "mixed"
  int threads = 0;
  std::vector<Placement> placement;
  std::map<std::string, std::string> settings;  // the library's other settings worth recording
};

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
  virtual InForce load(const LoadConfig& config) = 0;

  // Hands over the inputs of all following runs, by name. Never timed. Copies what it needs.
  // Throws Error for a name, type or shape that the model does not take.
  virtual void set_inputs(const std::vector<Value>& inputs) = 0;

  // One inference, its outputs complete on return. This is the timed call: no allocation, logging
  // or copy that the library does not itself need.
  virtual void run() = 0;

  // The last run's outputs in the model's order. Never timed.
  virtual std::vector<Value> outputs() = 0;
};

// Defined by each engine: the one engine of its executable.
std::unique_ptr<Engine> make_engine();

}  // namespace dnnbench
