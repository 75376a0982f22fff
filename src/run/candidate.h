// Candidate: one of the things that a run compares. Made from the command line in one place
// (cli/parse_run_options.h). Names of files, backend_meta (run/names.h), and labels in tables and
// progress derive from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/precision.h"

namespace dnnbench {

struct Candidate {
  std::string model_path;
  std::string backend;            // in results and names: "onnxruntime", "openvino", "tf", "tvm"
  std::string engine;             // the folder under engines/ and the program's name
  std::string engine_version;     // "" for the one that this build has
  std::string provider;           // which of the engine's providers: "cuda"; "" for its usual one
  std::string device = "cpu";     // cpu, gpu or arm
  std::string precision = "f32";  // f32, f16, bf16, tf32, default, int8 or int8-dynamic
  std::string io = "host";        // where inputs and outputs lie on a GPU: host or device
  bool cuda_graph = false;        // on a GPU: inferences are launched as one CUDA graph
  std::optional<int> threads;     // of each process; absent: the cores, shared by the processes
  int streams = 1;                // processes that work at the same time
  std::optional<int64_t> batch;   // absent: as the model has it, or 1 where it leaves it open

  // Nobody asks about it: it is there so that others are compared with it, as what was before.
  bool only_compared_with = false;

  bool operator==(const Candidate&) const = default;
};

// What people call each of a run's candidates: its engine and whatever else is not the same for
// all of them. "onnxruntime, 2 threads"
std::vector<std::string> labels_of(const std::vector<Candidate>& candidates);

// "tf", or "onnxruntime-cuda".
std::string engine_name(const std::string& backend, const std::string& provider);

// "f32", or "default precision".
std::string precision_in_words(const std::string& precision);

// "1 thread", "2 threads"
std::string counted(int64_t count, const std::string& noun);
std::string counted(int64_t count, const std::string& noun, const std::string& plural);

}  // namespace dnnbench
