// What an engine is asked to load, and what it says of that afterwards. Plain data, which travels
// between the two processes as JSON (protocol/messages.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dnnbench {

struct LoadConfig {
  std::string model_path;
  std::string provider;           // which of the engine's providers: "cuda"; "" its usual one
  std::string precision = "f32";  // f32, f16, bf16, tf32 (on a GPU), or default (what the engine
                                  // would choose); int8 or int8-dynamic for a model that is
                                  // quantised so
  std::string device = "cpu";     // cpu, gpu or arm
  std::string gpu_uuid;           // of the one GPU that it may use, when the device is gpu
  std::string io = "host";        // where inputs and outputs lie on a GPU: host or device
  bool cuda_graph = false;        // on a GPU: launch an inference as one CUDA graph
  int threads = 1;                // threads that compute one inference
  bool optimize = true;           // false: the engine's plainest form (the reference)
  bool precise_integers = false;  // sums of 8-bit products never overflow; asked of the reference
  std::map<std::string, std::vector<int64_t>> input_shapes;  // every dimension of every tensor
                                                             // input; may be empty: the model's own
  double tune_budget_s = 0;  // to look for faster code in; 0 for an engine that doesn't tune
  // For an engine that imports, "" for the others:
  std::string simplified_path;  // the model's simplified form without its weights
  std::string
      bound_inputs_file;  // inputs to be taken as constants (protocol/value_file.h); "" none
  // For an engine that reads ONNX: the model with every If node replaced whose condition is known
  // before it runs, in case the library can't do with the original; "" where there is none.
  std::string inlined_path;
  bool original_fails = false;  // ONNX Runtime is known to fail over it
  bool inspect = false;         // load only to find out what is in force, whatever that costs
  // Values within the model that are to be outputs as well, after its own. Of the engine that
  // computes the reference; the others are never asked.
  std::vector<std::string> extra_outputs;
};

// The parts of a load's duration that are reported by themselves.
struct LoadTimes {
  double convert_s = 0;             // of an engine that imports: building the library's own form of
                                    // the model; what follows (optimising, a session) is load_s
  std::optional<double> compile_s;  // by a compiler that works ahead of the measurement; absent
                                    // where there is none or its earlier work was in the cache
  std::optional<double> tune_s;     // the search that tune_budget_s asks for; absent without one
};

// Where a part of the model really runs.
struct Placement {
  std::string device;  // "CPU", a GPU's name, or an execution provider
  int64_t nodes = 0;   // of the graph that the engine executes
  bool is_cpu = true;  // whether the host's processor computes there
};

// InForce::settings["model"] of an engine that was given LoadConfig::inlined_path.
inline constexpr const char* kInlinedModel =
    "branches with a known condition put in place beforehand";

// What is really in force after loading, read back from the library where it can be read.
struct InForce {
  std::string precision;  // "f32", "f16", "bf16", "int8", or "mixed"; "" where only a load with
                          // LoadConfig::inspect can say
  int threads = 0;
  std::vector<Placement> placement;
  std::map<std::string, std::string> settings;  // the library's other settings worth recording
};

}  // namespace dnnbench
