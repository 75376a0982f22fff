// Options: what the user asked for, with defaults filled in. A field mostly has its flag's name;
// engines come from several flags. Made by cli/parse_run_options.h; everything after it reads this
// and not argv.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/mode.h"

namespace dnnbench {

// One engine of a run: which program, which of its providers, and how it is set up.
struct EngineChoice {
  std::string backend;  // in results and names: "onnxruntime", "openvino", "pytorch", "tf", "tvm"
  std::string engine;   // the folder under engines/ and the program's name
  std::string variant;  // "" for the engine's usual one
  std::optional<int> threads;  // of each of its processes; absent: default_threads, shared by them
  int streams = 1;             // processes that serve requests at the same time; 0 in throughput
                               // mode: what does most
};

struct RunOptions {
  std::vector<std::string> models;    // paths
  std::vector<EngineChoice> engines;  // in the order of measuring, one for each of --threads
  Mode mode = Mode::kLatency;
  std::optional<double> rate_per_s;     // of requests, in load mode; or
  std::optional<double> slo_p99_s;      // the bound of the 99th percentile
  std::vector<int> throughput_threads;  // --threads in throughput mode, which tries them itself
  std::vector<int64_t> batches;         // --batch; empty: 1 where the model leaves it open
  std::optional<int64_t> batch;         // the one of them that is run
  std::string device = "cpu";           // cpu, gpu or arm
  std::optional<int64_t> repeat;        // experiments; absent: budget decides
  int64_t number = 1;                   // inferences an experiment
  std::optional<int64_t> warmup;        // experiments discarded; absent: until they are steady
  double budget_s = 20;                 // of measuring, an engine; at most
  double confidence = 0.99;             // that the whole order is right
  double precision_target = 0.01;       // ends of a ratio's interval so near: precise enough
  std::string output = "./results";
  std::string precision = "f32";                       // f32, f16, bf16 or default
  std::map<std::string, std::vector<int64_t>> shapes;  // --shape NAME=DIMS
  std::map<std::string, std::string> inputs;           // --input NAME=FILE or NUMBER
  std::optional<std::string> test_data;                // --test-data DIR
  uint64_t seed = kDefaultSeed;
  double timeout_s = 300;    // for each step of an engine
  double tune_budget_s = 0;  // for an engine that can look for faster code; beside timeout_s
  std::optional<std::string> instance;
  std::optional<std::string> save_converted;  // folder for converted models

  static constexpr uint64_t kDefaultSeed = 0;
};

}  // namespace dnnbench
